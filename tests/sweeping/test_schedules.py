"""What is to be done again and again is done once each time, however many look."""

import asyncio
import secrets
import subprocess
import sys
import time
from contextlib import suppress
from datetime import timedelta

import pytest
from sqlalchemy import delete, func, select, text, update

from server import worker
from storage import jobs, schedules, tables
from tests.storing import scalar
from workers import sweeps

EVERY = timedelta(milliseconds=50)
HOUR = timedelta(hours=1)
LOOKING = """
import asyncio, sys
from datetime import timedelta
from sqlalchemy import text
from storage import schedules
from storage.database import Database

async def look():
    database = Database(sys.argv[1], pool_size=1)
    while True:
        async with database.begin() as tx:
            if await schedules.fire(tx, sys.argv[2], timedelta(milliseconds=50)):
                next_at = "insert into ticks select due_at from schedules where name = :name"
                await tx.execute(text(next_at), {"name": sys.argv[2]})

asyncio.run(look())
"""


@pytest.fixture
async def ticks(database):
    async with database.begin() as tx:
        await tx.execute(text("create table ticks (at timestamptz not null)"))
    yield
    async with database.begin() as tx:
        await tx.execute(text("drop table ticks"))


async def waiting(database, kind):
    queued = text("select count(*) from pgqueuer where entrypoint = :kind")
    return await scalar(database, queued.bindparams(kind=kind))


async def test_many_look_and_one_does_it(database):
    kind = f"sweep {secrets.token_hex(4)}"

    first = await asyncio.gather(*(sweeps.look(database, kind, HOUR) for _ in range(8)))
    again = await asyncio.gather(*(sweeps.look(database, kind, HOUR) for _ in range(8)))
    due = update(tables.schedules).where(tables.schedules.c.name == kind)
    async with database.begin() as tx:
        await tx.execute(due.values(due_at=func.now()))
    later = await asyncio.gather(*(sweeps.look(database, kind, HOUR) for _ in range(8)))

    assert (sum(first), sum(again), sum(later)) == (1, 0, 1)
    # The job of the first time still waits, and does for both.
    assert await waiting(database, kind) == 1


async def test_what_was_not_done_is_due_again(database):
    name = secrets.token_hex(4)
    for _ in range(2):
        with suppress(ZeroDivisionError):
            async with database.begin() as tx:
                assert await schedules.fire(tx, name, HOUR)
                raise ZeroDivisionError

    async with database.begin() as tx:
        assert await schedules.fire(tx, name, HOUR)
        assert not await schedules.fire(tx, name, HOUR)


async def test_a_worker_looks_by_itself(database, settings):
    often = settings.model_copy(update={"sweep_s": 1, "sweep_objects_s": 0})
    assert worker._sweeps(often) == {jobs.SWEEP_ROWS: timedelta(seconds=1)}
    async with database.begin() as tx:
        await tx.execute(delete(tables.schedules))
        await tx.execute(text("delete from pgqueuer"))
    looking = asyncio.create_task(sweeps.on_schedule(database, worker._sweeps(often)))
    try:
        async with asyncio.timeout(30):
            while not await waiting(database, jobs.SWEEP_ROWS):
                pass
    finally:
        looking.cancel()
        await asyncio.wait([looking])
    assert await waiting(database, jobs.SWEEP_OBJECTS) == 0


@pytest.mark.parametrize("count", [20, pytest.param(200, marks=pytest.mark.torture)])
async def test_who_looks_is_killed_and_nothing_is_done_twice(database, settings, ticks, count):
    url, name = settings.database_url.get_secret_value(), secrets.token_hex(4)

    def look():
        return subprocess.Popen([sys.executable, "-c", LOOKING, url, name])

    fired = select(func.max(tables.schedules.c.fired)).where(tables.schedules.c.name == name)
    processes, until, kill_at = [look(), look()], time.monotonic() + 120, count // 4
    while (done := await scalar(database, fired) or 0) < count:
        assert time.monotonic() < until
        if done >= kill_at:
            # The other one goes on at once; this one comes back.
            processes[0].kill()
            processes[0].wait()
            processes, kill_at = [processes[1], look()], kill_at + count // 4
        await asyncio.sleep(0.01)
    for process in processes:
        process.kill()
        process.wait()

    at = select(func.count()).select_from(text("ticks"))
    assert await scalar(database, at) == await scalar(database, fired)
    gaps = text("select min(gap) from (select at - lag(at) over (order by at) as gap from ticks)")
    assert await scalar(database, gaps) >= EVERY
