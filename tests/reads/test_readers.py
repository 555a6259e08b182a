"""Connections that are taken and given back, against a real PostgreSQL."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress

import asyncpg
import pytest
import pytest_asyncio

from storage.losses import BROKEN
from storage.readers import LONG_S, Busy, Readers

BACKENDS = "select count(*) from pg_stat_activity where application_name = 'readers'"
END = """
    select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'readers'
"""
LONG = "select pg_sleep(60)"


@pytest_asyncio.fixture
async def readers(postgres_url: str) -> AsyncIterator[Readers]:
    made = Readers(lambda: connected(postgres_url), 2, at_once=2, patience_s=30)
    yield made
    await made.close()


@pytest_asyncio.fixture
async def watcher(postgres_url: str) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(postgres_url)
    yield connection
    await connection.close()


def connected(url: str):
    return asyncpg.connect(url, server_settings={"application_name": "readers"})


async def fetch(readers, statement: str, *values: object) -> list[asyncpg.Record]:
    connection = await readers.take()
    try:
        found = await connection.fetch(statement, *values)
    except BaseException as error:
        readers.take_back(connection, error)
        raise
    readers.take_back(connection, None)
    return found


async def until(watcher, question: str, answer: object) -> None:
    async with asyncio.timeout(60):
        while await watcher.fetchval(question) != answer:  # noqa: ASYNC110 - It is PostgreSQL that changes.
            await asyncio.sleep(0.01)


async def test_one_after_the_other_shares_a_connection(readers, watcher):
    for n in range(5):
        assert (await fetch(readers, "select $1::int", n))[0][0] == n

    assert await watcher.fetchval(BACKENDS) == 1


async def test_many_at_once_share_as_many_as_there_may_be(readers, watcher):
    asked = [fetch(readers, "select $1::int", n) for n in range(50)]

    assert [found[0][0] for found in await asyncio.gather(*asked)] == list(range(50))
    assert await watcher.fetchval(BACKENDS) == 2


async def test_an_error_leaves_the_connection_of_use(readers, watcher):
    with pytest.raises(asyncpg.DivisionByZeroError):
        await fetch(readers, "select 1 / $1::int", 0)

    assert (await fetch(readers, "select 1"))[0][0] == 1
    assert await watcher.fetchval(BACKENDS) == 1


async def test_who_gives_up_stops_the_statement_and_leaves_room(readers, watcher):
    tasks = [asyncio.create_task(fetch(readers, LONG)) for _ in range(3)]
    running = f"{BACKENDS} and state = 'active' and query = '{LONG}'"
    await until(watcher, running, 2)

    for task in tasks:
        task.cancel()
    ended = await asyncio.gather(*tasks, return_exceptions=True)

    assert [type(each) for each in ended] == [asyncio.CancelledError] * 3
    await until(watcher, running, 0)
    asked = [fetch(readers, "select 1") for _ in range(4)]
    assert [found[0][0] for found in await asyncio.gather(*asked)] == [1, 1, 1, 1]


async def test_who_waits_too_long_is_told(postgres_url, watcher):
    made = Readers(lambda: connected(postgres_url), 1, at_once=1, patience_s=0)
    long = asyncio.create_task(fetch(made, LONG))
    await until(watcher, f"{BACKENDS} and state = 'active'", 1)

    with pytest.raises(Busy):
        await fetch(made, "select 1")

    long.cancel()
    await asyncio.gather(long, return_exceptions=True)
    assert (await fetch(made, "select 1"))[0][0] == 1
    await made.close()


async def test_only_who_has_waited_too_long_is_told(postgres_url):
    now = [0.0]
    made = Readers(
        lambda: connected(postgres_url), 1, at_once=1, patience_s=30, clock=lambda: now[0]
    )
    connection = await made.take()
    gone, late = [asyncio.create_task(made.take()) for _ in range(2)]
    await asyncio.sleep(0)
    now[0] = 10.0
    patient = asyncio.create_task(made.take())
    await asyncio.sleep(0)

    gone.cancel()
    now[0] = 30.0
    with pytest.raises(Busy):
        await asyncio.wait_for(late, 10)

    assert not patient.done()
    made.take_back(connection, None)
    assert await patient is connection
    made.take_back(connection, None)
    await made.close()


async def test_a_connection_that_the_server_ended_is_replaced(readers, watcher):
    await fetch(readers, "select 1")
    await watcher.fetch(END)
    await until(watcher, BACKENDS, 0)

    # What was on its way when it ended may be told; no later statement meets it again.
    with suppress(asyncpg.PostgresError, asyncpg.InterfaceError, *BROKEN, OSError):
        await fetch(readers, "select 1")
    assert (await fetch(readers, "select 1"))[0][0] == 1
    assert await watcher.fetchval(BACKENDS) == 1


async def test_free_ones_that_were_closed_leave_room(readers):
    # As often as there may be connections, and once more.
    for _ in range(3):
        connection = await readers.take()
        readers.take_back(connection, None)
        connection.terminate()

    assert (await fetch(readers, "select 1"))[0][0] == 1


async def test_a_server_that_is_not_there_is_said(postgres_url):
    async def refused():
        raise ConnectionRefusedError

    made = Readers(refused, 1, at_once=1, patience_s=30)

    for _ in range(3):
        with pytest.raises(ConnectionRefusedError):
            await fetch(made, "select 1")


async def test_few_are_at_it_at_once_until_they_take_long(postgres_url, watcher):
    now = [0.0]
    made = Readers(
        lambda: connected(postgres_url), 4, at_once=2, patience_s=30, clock=lambda: now[0]
    )
    await asyncio.gather(*(fetch(made, "select 1") for _ in range(4)))
    tasks = [asyncio.create_task(fetch(made, LONG)) for _ in range(4)]
    running = f"{BACKENDS} and state = 'active' and query = '{LONG}'"
    await until(watcher, running, 2)
    # Those who wait look again all the time, and find that nobody has taken long.
    await asyncio.sleep(5 * LONG_S)
    assert await watcher.fetchval(running) == 2

    now[0] += LONG_S
    await until(watcher, running, 4)

    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    await made.close()


async def test_nothing_quick_waits_for_what_takes_long(postgres_url, watcher):
    made = Readers(lambda: connected(postgres_url), 2, at_once=1, patience_s=30)
    long = asyncio.create_task(fetch(made, LONG))
    await until(watcher, f"{BACKENDS} and state = 'active'", 1)

    asked = [fetch(made, "select $1::int", n) for n in range(20)]

    assert [found[0][0] for found in await asyncio.gather(*asked)] == list(range(20))
    assert not long.done()
    long.cancel()
    await asyncio.gather(long, return_exceptions=True)
    await made.close()


async def test_who_came_first_begins_first(postgres_url):
    now = [0.0]
    made = Readers(
        lambda: connected(postgres_url), 2, at_once=1, patience_s=30, clock=lambda: now[0]
    )
    first = await made.take()
    now[0] += LONG_S
    made.take_back(await made.take(), None)
    # One of two is free, and not to be had before the other has taken long.
    now[0] = 0.0
    waiting = asyncio.create_task(made.take())
    await asyncio.sleep(0)
    now[0] += LONG_S
    newcomer = asyncio.create_task(made.take())

    second = await waiting

    assert not newcomer.done()
    for connection in (first, second):
        made.take_back(connection, None)
    made.take_back(await newcomer, None)
    await made.close()


@pytest.mark.parametrize("is_lost", [False, True])
async def test_a_turn_that_nobody_takes_goes_to_the_next(postgres_url, watcher, is_lost):
    made = Readers(lambda: connected(postgres_url), 1, at_once=1, patience_s=30)
    connection = await made.take()
    tasks = [asyncio.create_task(fetch(made, "select 1")) for _ in range(2)]
    await asyncio.sleep(0)

    # It is the first one's turn, with the connection or to open another, and then he is gone.
    made.take_back(connection, BROKEN[0]() if is_lost else None)
    tasks[0].cancel()

    ended = await asyncio.gather(*tasks, return_exceptions=True)
    assert type(ended[0]) is asyncio.CancelledError
    assert ended[1][0][0] == 1
    assert (await fetch(made, "select 1"))[0][0] == 1
    assert await watcher.fetchval(BACKENDS) == 1
    await made.close()
