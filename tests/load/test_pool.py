"""D7: whatever happens to who uses a connection, the pool stays clean and whole."""

import asyncio
import os
import random

import pytest
import pytest_asyncio
from sqlalchemy import text

from storage.database import Database, values
from storage.reached import Unavailable
from tests.load.shooting import tell

KILLS = int(os.environ.get("PICSHARE_TEST_KILLS", "300"))
CANCELLATIONS = int(os.environ.get("PICSHARE_TEST_CANCELLATIONS", "1000"))
NAME = "picshare-pool"
SIZE = 5
OURS = f"select pid from pg_stat_activity where application_name = '{NAME}'"
BUSY = (
    f"select count(*) from pg_stat_activity where application_name = '{NAME}' and state <> 'idle'"
)


@pytest_asyncio.fixture
async def pool(settings, database):
    opened = Database(
        settings.database_url.get_secret_value(), pool_size=SIZE, application_name=NAME
    )
    yield opened
    await opened.close()


async def require_clean(database, pool):
    """Every connection of both kinds works, none is in the middle of something, none is lost."""
    async with asyncio.timeout(60), database.connect() as connection:
        while (await values(connection, text(BUSY)))[0]:  # noqa: ASYNC110 - Nobody tells.
            await asyncio.sleep(0.02)

    async def written():
        async with pool.begin() as tx:
            return (await values(tx, text("select 1 from pg_sleep(0.01)")))[0]

    async def read():
        async with pool.reading() as way:
            return await way.fetchval("select 1 from pg_sleep(0.01)")

    async with asyncio.timeout(60):
        found = await asyncio.gather(*(one() for _ in range(SIZE * 2) for one in (written, read)))
    assert found == [1] * SIZE * 4
    async with database.connect() as connection:
        left = await values(connection, text(OURS))
    assert len(left) <= 2 * SIZE


async def _write(pool, seconds):
    async with pool.begin() as tx:
        await tx.execute(text("select 1"))
        await tx.execute(text(f"select pg_sleep({seconds})"))


async def _read(pool, seconds):
    async with pool.reading() as way:
        await way.fetchval(f"select pg_sleep({seconds})")


async def cancelled(pool, times):
    """So many tasks, each cancelled somewhere between its begin and its end; how many were."""
    count = 0
    for batch in range(times // 10):
        work = (_write, _read)[batch % 2]
        tasks = [asyncio.create_task(work(pool, 0.02)) for _ in range(10)]
        for task in tasks:
            await asyncio.sleep(random.uniform(0, 0.004))
            task.cancel()
        ended = await asyncio.gather(*tasks, return_exceptions=True)
        assert {type(each) for each in ended} <= {asyncio.CancelledError, type(None), Unavailable}
        count += sum(isinstance(each, asyncio.CancelledError) for each in ended)
    return count


async def test_cancelled_tasks_leave_no_trace(database, pool):
    assert await cancelled(pool, 60) > 10
    await require_clean(database, pool)


@pytest.mark.torture
async def test_a_thousand_cancelled_tasks_leave_no_trace(database, pool):
    tell(f"{await cancelled(pool, CANCELLATIONS)} of {CANCELLATIONS} tasks were cut short")
    await require_clean(database, pool)


async def _killed(database, pool):
    async with pool.begin() as tx:
        (pid,) = await values(tx, text("select pg_backend_pid()"))
        async with database.connect() as connection:
            await values(connection, text(f"select pg_terminate_backend({pid}, 10000)"))
        await tx.execute(text("select 1"))


async def killed_in_transactions(database, pool, times):
    """So many transactions whose connection PostgreSQL ends while they do nothing."""
    for _ in range(times):
        with pytest.raises(Unavailable):
            await _killed(database, pool)


async def test_a_transaction_that_is_killed_while_idle_is_unavailable(database, pool):
    await killed_in_transactions(database, pool, 10)
    await require_clean(database, pool)


@pytest.mark.torture
async def test_hundreds_of_kills_leave_a_clean_pool(database, pool):
    await killed_in_transactions(database, pool, KILLS)
    await require_clean(database, pool)
