"""More than can be done is refused at once, and said so; what was begun is finished."""

import asyncio
import os
import signal

import httpx
import pytest
from sqlalchemy import text

from storage import photos
from storage.database import values
from tests.subscriptions.clients import until

SLOW = {"query": "{ photos { edges { node { id } } } }"}
QUICK = {"query": "{ __typename }"}
BUSY = "too much is asked for at the moment; try again"


@pytest.fixture
def slow(monkeypatch):
    """From now on a list of photos takes until it is let go, each on a connection of its own."""
    opened, let_go = [], asyncio.Event()
    original = photos.newest_public

    async def waiting(connection, *given, **named):
        opened.append(connection)
        while not let_go.is_set():
            await connection.execute("select pg_sleep(0.02)")
        return await original(connection, *given, **named)

    monkeypatch.setattr(photos, "newest_public", waiting)
    return opened, let_go


async def test_beyond_so_many_running_the_rest_is_told_at_once(serving, slow):
    opened, let_go = slow
    api = serving(max_running=3)
    limits = httpx.Limits(max_connections=100)
    async with httpx.AsyncClient(base_url=api.url, timeout=60, limits=limits) as client:
        running = [asyncio.create_task(client.post("/graphql", json=SLOW)) for _ in range(3)]
        await until(lambda: len(opened) == 3)

        refused = await asyncio.gather(*(client.post("/graphql", json=QUICK) for _ in range(50)))
        alive = await client.get("/livez")
        let_go.set()
        finished = await asyncio.gather(*running)
        after = await client.post("/graphql", json=QUICK)

    assert {(answer.status_code, answer.headers["retry-after"]) for answer in refused} == {
        (503, "1")
    }
    assert refused[0].json()["errors"] == [
        {"message": BUSY, "extensions": {"code": "SERVICE_UNAVAILABLE"}}
    ]
    assert alive.status_code == 200
    assert [answer.status_code for answer in finished] == [200] * 3
    assert after.status_code == 200


async def test_without_a_free_connection_it_is_503_and_not_ready(serving, slow):
    """D5: 200 slow queries on a pool of 10."""
    opened, let_go = slow
    api = serving(database_pool_size=10, max_running=400, deadline_s=60)
    limits = httpx.Limits(max_connections=400)
    async with httpx.AsyncClient(base_url=api.url, timeout=60, limits=limits) as client:
        asking = [asyncio.create_task(client.post("/graphql", json=SLOW)) for _ in range(200)]
        await until(lambda: len(opened) == 10)
        async with asyncio.timeout(50):
            while sum(each.done() for each in asking) < 190:  # noqa: ASYNC110 - One by one.
                await asyncio.sleep(0.02)
        ready, alive = await client.get("/readyz"), await client.get("/livez")
        let_go.set()
        answers = await asyncio.gather(*asking)
        after = await client.post("/graphql", json=SLOW)
        again = await client.get("/readyz")

    statuses = [answer.status_code for answer in answers]
    assert (statuses.count(200), statuses.count(503)) == (10, 190)
    assert {answer.headers.get("retry-after") for answer in answers} == {None, "1"}
    assert (ready.status_code, alive.status_code) == (503, 200)
    assert (after.status_code, again.status_code) == (200, 200)


async def _backends(database):
    """The processes of PostgreSQL that serve an API."""
    query = "select pid from pg_stat_activity where application_name = 'picshare-api'"
    async with database.connect() as connection:
        return set(await values(connection, text(query)))


async def test_a_connection_that_says_nothing_costs_one_answer(serving, database):
    """D3, for a single backend: it is left, and the next request has a new one."""
    others = await _backends(database)
    api = serving(database_pool_size=1, deadline_s=0.5)
    async with httpx.AsyncClient(base_url=api.url, timeout=60) as client:
        assert (await client.post("/graphql", json=SLOW)).status_code == 200
        (frozen,) = await _backends(database) - others
        os.kill(frozen, signal.SIGSTOP)
        try:
            answers = [await client.post("/graphql", json=SLOW) for _ in range(2)]
        finally:
            os.kill(frozen, signal.SIGCONT)

    assert [answer.status_code for answer in answers] == [504, 200]
