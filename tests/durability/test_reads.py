"""D1: a PostgreSQL that restarts, or loses a backend, while people read."""

import asyncio
import itertools
import os
import random
import secrets
import signal
from contextlib import suppress
from time import perf_counter

import pytest
import pytest_asyncio
from sqlalchemy import text

from server import parts
from storage import absences
from storage.database import Database
from storage.reached import Unavailable
from tests.durability.system import own_database, serving_over
from tests.load.shooting import Shooter, quantile, request, statuses, tell
from tests.making import make_person, make_photo
from tests.storing import scalar

TIMES = int(os.environ.get("PICSHARE_TORTURE_TIMES", "10"))
PER_S = 50
BETWEEN_S = 2.0
FEED = "{ feed(first: 10) { edges { node { id title owner { username } } } } }"
PHOTOS = "{ photos(first: 10) { edges { node { id } } } }"
BACKENDS = "select pid from pg_stat_activity where application_name = 'picshare-api'"


async def restarted(database):
    """As `pg_ctl restart -m fast` does it."""
    await asyncio.to_thread(database.part.kill, signal.SIGINT)
    await asyncio.to_thread(database.part.revive)


async def one_killed(database):
    """PostgreSQL ends all other backends too, and begins anew."""
    opened = Database(database.url, pool_size=1)
    pids = await patiently(lambda: backends(opened))
    os.kill(random.choice(pids), signal.SIGKILL)
    await patiently(lambda: backends(opened))
    await opened.close()


async def backends(opened):
    """The processes that serve the API. Raises Unavailable."""
    async with opened.connect() as connection:
        return list((await connection.execute(text(BACKENDS))).scalars())


async def patiently(ask):
    """What there is to know, as soon as there is any."""
    async with asyncio.timeout(60):
        while True:
            with suppress(Unavailable):
                if found := await ask():
                    return found
            await asyncio.sleep(0.02)


@pytest_asyncio.fixture
async def watched(postgres_url, database):
    """A database of one's own connections, and what ends all of these."""
    name = f"watched{secrets.token_hex(4)}"
    opened = Database(postgres_url, application_name=name)
    every = text(
        "select count(pg_terminate_backend(pid)) from pg_stat_activity where application_name=:name"
    ).bindparams(name=name)

    async def end() -> int:
        return await scalar(database, every)

    yield opened, end
    await opened.close()


async def test_what_is_lost_on_the_way_is_read_again(watched):
    opened, end = watched
    ended = []

    async def read():
        async with opened.reading() as way, opened.connect() as other:
            if len(ended) < 2:
                ended.append(await end())
            await other.execute(text("select 1"))
            return await way.fetchval("select 42")

    assert await opened.reread(read) == 42
    assert len(ended) == 2
    assert all(count >= 2 for count in ended)


async def test_a_write_is_begun_on_a_connection_that_is_open(watched):
    opened, end = watched

    async def written():
        async with opened.begin() as tx:
            return (await tx.execute(text("select 42"))).scalar_one()

    async with opened.begin() as first, opened.begin() as second:
        await first.execute(text("select 1"))
        await second.execute(text("select 1"))
    assert await end() == 2
    # The loop hears of it while it waits for something else.
    while await end():
        pass
    await end()

    assert [await written() for _ in range(3)] == [42] * 3


async def test_nobody_waits_for_a_database_that_is_long_gone(monkeypatch):
    looks, now = [], itertools.count()

    async def look():
        looks.append(1)
        raise ConnectionRefusedError

    monkeypatch.setattr(absences, "monotonic", lambda: next(now) * absences.SHORT_S / 4)
    monkeypatch.setattr(absences, "LOOK_EVERY_S", 0)
    away = absences.Absences(look)

    found = await asyncio.gather(*(away.is_over() for _ in range(50)))
    assert found == [False] * 50
    assert len(looks) == 3
    assert await away.is_over() is False
    assert len(looks) == 3


@pytest.mark.torture
@pytest.mark.parametrize("fault", [restarted, one_killed])
async def test_reads_outlive_it(fault, store, tmp_path):
    with own_database() as database:
        async with serving_over(database, store, tmp_path) as settings:
            own = parts.database(settings, "picshare-tests")
            people = [await make_person(own, settings, f"reader{n}") for n in range(20)]
            for person in people:
                await make_photo(own, person)
            await own.close()
            asked = itertools.cycle(
                [request(PHOTOS), *(request(FEED, person.token) for person in people)]
            )
            shooter = Shooter(settings.api_url)
            gaps = []
            shooting = asyncio.create_task(
                shooter.open_loop(PER_S, BETWEEN_S * (TIMES + 1), lambda: next(asked))
            )
            for _ in range(TIMES):
                await asyncio.sleep(BETWEEN_S)
                began = perf_counter()
                await fault(database)
                gaps.append(perf_counter() - began)
            shots = await shooting
            shooter.close()

    refused = [shot for shot in shots if not shot.is_good]
    tell(
        f"{fault.__name__} x{TIMES}: {statuses(shots)}, longest {quantile(shots, 1):.2f} s, "
        f"PostgreSQL away for {min(gaps):.2f} to {max(gaps):.2f} s"
    )
    assert set(statuses(shots)) <= {200, 503}
    assert all(b'"SERVICE_UNAVAILABLE"' in shot.body for shot in shots if shot.status == 503)
    # Only those that were due while PostgreSQL was away, and longer than anybody waits for it.
    assert len(refused) <= PER_S * sum(gaps)
