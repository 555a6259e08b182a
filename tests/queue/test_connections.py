"""Workers whose database goes away: they stay, and each job is done once."""

import asyncio
import os
import signal

import asyncpg
import pytest
import pytest_asyncio
from sqlalchemy import text

from server.embedded import postgres
from storage import revisions
from storage.database import Database
from tests.queue.conftest import KIND, PATIENCE_S, Line, running
from tests.services import reachable_directory
from tests.storing import scalar
from workers.outcomes import Outcome
from workers.queue import Kind, Queue

JOBS = 8
LISTENERS = text(
    "select count(pg_terminate_backend(pid)) from pg_stat_activity "
    "where application_name = 'picshare-queue' and datname = current_database()"
)


@pytest.mark.parametrize("times", [2, pytest.param(20, marks=pytest.mark.torture)])
async def test_a_listener_that_is_ended_again_and_again_starts_every_job(
    database, url, line, times
):
    started = []

    async def handler(payload):
        started.append(payload)
        return Outcome.DONE

    async with running(Queue(url, {KIND: Kind(handler)}, concurrency=1)):
        for turn in range(times):
            async with asyncio.timeout(PATIENCE_S):
                # It may be on its way back from the last time.
                while not await scalar(database, LISTENERS):  # noqa: ASYNC110 - As said.
                    await asyncio.sleep(0.05)
            await line.add(b"%d" % turn)
            await line.until_empty()

    assert started == [b"%d" % turn for turn in range(times)]


async def test_a_statement_on_a_connection_that_is_ending_costs_that_connection_only(
    url, line, monkeypatch
):
    faults, managed = [asyncpg.InternalClientError("cannot switch to state 12")], Queue._managed

    async def broken_once(queue, manager):
        if faults:
            raise faults.pop()
        await managed(queue, manager)

    async def handler(_):
        return Outcome.DONE

    monkeypatch.setattr(Queue, "_managed", broken_once)
    async with running(Queue(url, {KIND: Kind(handler)}, concurrency=1)):
        await line.add(b"job")
        await line.until_empty()
    assert faults == []


async def test_without_a_word_from_the_database_jobs_are_found(database, url, line, monkeypatch):
    started = asyncio.Event()

    async def handler(_):
        started.set()
        return Outcome.DONE

    async with database.begin() as tx:
        await tx.execute(text("alter table pgqueuer disable trigger tg_pgqueuer_changed"))
    try:
        async with running(Queue(url, {KIND: Kind(handler)}, concurrency=1)):
            await line.add(b"first")
            await line.until_empty()
            started.clear()
            await line.add(b"untold")
            await asyncio.wait_for(started.wait(), PATIENCE_S)
    finally:
        async with database.begin() as tx:
            await tx.execute(text("alter table pgqueuer enable trigger tg_pgqueuer_changed"))


class Own:
    """A PostgreSQL that a test may kill."""

    def __init__(self, cluster):
        self.cluster = cluster
        self.process = postgres.start(cluster)

    def restart(self, how: signal.Signals) -> None:
        """End it with that signal and start it again on its data."""
        os.kill(self.process.pid, how)
        self.process.stop()
        self.process = postgres.start(self.cluster)


@pytest_asyncio.fixture
async def own():
    with reachable_directory() as directory:
        # Without waiting for its log it would forget in a crash what it had confirmed.
        made = Own(postgres.Cluster(directory / "data", directory / "log"))
        try:
            await revisions.upgrade(made.cluster.url)
            yield made
        finally:
            made.process.stop()


@pytest.mark.parametrize("rounds", [1, pytest.param(10, marks=pytest.mark.torture)])
async def test_jobs_outlive_a_database_that_is_restarted(own, rounds):
    await _outlives(own, rounds, lambda: asyncio.to_thread(own.restart, signal.SIGINT))


@pytest.mark.torture
async def test_jobs_outlive_a_database_that_is_killed(own):
    # SIGQUIT ends all its processes at once, without a checkpoint, as a crash does.
    await _outlives(own, 5, lambda: asyncio.to_thread(own.restart, signal.SIGQUIT))


@pytest.mark.torture
async def test_jobs_outlive_backends_that_are_killed(own):
    async def kill_one():
        database = Database(own.cluster.url, pool_size=1)
        async with database.connect() as connection:
            query = "select pid from pg_stat_activity where application_name = 'picshare-queue'"
            [pid] = (await connection.execute(text(query))).scalars()
        await database.close()
        # A backend that is killed takes all others with it: PostgreSQL starts anew.
        os.kill(pid, signal.SIGKILL)

    await _outlives(own, 10, kill_one)


async def _outlives(own, rounds, fault):
    """Eight jobs run while the fault happens; each is done once, by a worker that stays."""
    for _ in range(rounds):
        began, done, goes_on = [], [], asyncio.Event()

        async def handler(payload, began=began, done=done, goes_on=goes_on):
            began.append(payload)
            await goes_on.wait()
            done.append(payload)
            return Outcome.DONE

        database = Database(own.cluster.url, pool_size=1)
        queue = Queue(own.cluster.url, {KIND: Kind(handler)}, concurrency=JOBS)
        payloads = [b"%d" % number for number in range(JOBS)]
        await Line(database).add(*payloads)
        async with running(queue):
            async with asyncio.timeout(PATIENCE_S):
                while len(began) < JOBS:  # noqa: ASYNC110 - The queue has no hook for this.
                    await asyncio.sleep(0.02)
            try:
                await fault()
            finally:
                goes_on.set()
            await _until_empty(own)

        assert sorted(began) == sorted(done) == payloads
        await database.close()


async def _until_empty(own):
    async with asyncio.timeout(PATIENCE_S):
        while True:
            database = Database(own.cluster.url, pool_size=1)
            try:
                if await Line(database).rows() == []:
                    return
            except Exception:  # noqa: BLE001 - The server is on its way up.
                await asyncio.sleep(0.1)
            finally:
                await database.close()
            await asyncio.sleep(0.1)


async def test_an_error_that_nobody_foresaw_does_not_end_the_queue(monkeypatch):
    queue, times = Queue("postgresql://nowhere", {}, concurrency=2), []

    async def connected():
        times.append(len(times))
        if len(times) == 1:
            raise LookupError("nobody thought of this")
        queue.leave()

    monkeypatch.setattr(queue, "_connected", connected)
    await queue.run()

    assert times == [0, 1]
