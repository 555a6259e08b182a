"""D1: a PostgreSQL that restarts, or loses a backend, while people read."""

import asyncio
import itertools
import os
import random
import signal
from contextlib import suppress
from time import perf_counter

import pytest
from sqlalchemy import text

from server import parts
from storage.database import Database, Unavailable
from tests.durability.system import own_database, serving_over
from tests.load.shooting import Shooter, quantile, request, statuses, tell
from tests.making import make_person, make_photo

TIMES = int(os.environ.get("PICSHARE_TORTURE_TIMES", "10"))
PER_S = 50
BETWEEN_S = 2.0
GAP_S = 2.0
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
    assert len(refused) <= len(shots) * 0.01
