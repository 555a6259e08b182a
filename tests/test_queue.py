"""The queue: what becomes of jobs that end in each possible way."""

import asyncio
import contextlib

import pytest
import pytest_asyncio
from pgqueuer.adapters.drivers.asyncpg import AsyncpgDriver
from pgqueuer.adapters.persistence.queries import Queries
from sqlalchemy import text

from workers.outcomes import Outcome
from workers.queue import Kind, Queue

KIND = "test_kind"


@pytest.fixture
def url(settings):
    return settings.database_url.get_secret_value()


@pytest_asyncio.fixture
async def enqueue(database):
    async def enqueue(payload: bytes):
        async with database.begin() as tx:
            await tx.execute(text("select 1"))
            raw = (await tx.get_raw_connection()).driver_connection
            await Queries(AsyncpgDriver(raw)).enqueue(KIND, payload)

    return enqueue


@contextlib.asynccontextmanager
async def running(queue):
    task = asyncio.create_task(queue.run())
    try:
        yield
    finally:
        queue.leave()
        await asyncio.wait_for(task, 20)


async def _left(database, payload):
    query = text("select status::text, attempts from pgqueuer where payload = :payload")
    async with database.connect() as connection:
        found = await connection.execute(query.bindparams(payload=payload))
        return [tuple(row) for row in found]


@pytest.mark.parametrize("outcome", [Outcome.DONE, Outcome.NOTHING, Outcome.NEVER])
async def test_a_job_that_came_to_an_end_is_gone(database, url, enqueue, outcome):
    payload = f"ends {outcome}".encode()
    ran = asyncio.Event()

    async def handler(given):
        assert given == payload
        ran.set()
        return outcome

    await enqueue(payload)
    async with running(Queue(url, {KIND: Kind(handler)}, concurrency=1)):
        await asyncio.wait_for(ran.wait(), 20)

    assert await _left(database, payload) == []


@pytest.mark.parametrize("ending", ["again", "raises"])
async def test_a_job_that_could_not_be_done_is_tried_again(database, url, enqueue, ending):
    payload = f"twice {ending}".encode()
    runs = 0
    done = asyncio.Event()

    async def handler(_):
        nonlocal runs
        runs += 1
        if runs == 1 and ending == "raises":
            raise RuntimeError("a bug")
        if runs == 1:
            return Outcome.AGAIN
        done.set()
        return Outcome.DONE

    await enqueue(payload)
    async with running(Queue(url, {KIND: Kind(handler)}, concurrency=1)):
        await asyncio.wait_for(done.wait(), 30)

    assert runs == 2
    assert await _left(database, payload) == []


async def test_a_job_that_is_handed_back_waits_for_another_worker(database, url, enqueue):
    payload = b"handed back"
    began = asyncio.Event()

    async def forever(_):
        began.set()
        await asyncio.Event().wait()

    await enqueue(payload)
    queue = Queue(url, {KIND: Kind(forever)}, concurrency=1)
    async with running(queue):
        await asyncio.wait_for(began.wait(), 20)
        queue.hand_back()

    assert [status for status, _ in await _left(database, payload)] == ["queued"]
    async with database.begin() as tx:
        query = text("delete from pgqueuer where payload = :payload")
        await tx.execute(query.bindparams(payload=payload))


async def test_a_lost_connection_is_opened_again(database, url, enqueue):
    done = asyncio.Event()
    first = asyncio.Event()

    async def handler(payload):
        (first if payload == b"before" else done).set()
        return Outcome.DONE

    await enqueue(b"before")
    async with running(Queue(url, {KIND: Kind(handler)}, concurrency=1)):
        await asyncio.wait_for(first.wait(), 20)
        async with database.begin() as tx:
            ended = await tx.execute(
                text(
                    "select count(pg_terminate_backend(pid)) from pg_stat_activity "
                    "where application_name = 'picshare-queue'"
                )
            )
            assert ended.scalar_one() == 1
        await enqueue(b"after")
        await asyncio.wait_for(done.wait(), 30)
