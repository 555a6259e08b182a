"""D3: a PostgreSQL that stops in the middle of everything, and says nothing until it goes on."""

import asyncio
import itertools
import os
import random
import signal
from contextlib import contextmanager
from time import perf_counter

import psutil
import pytest
from pydantic import SecretStr
from sqlalchemy import text

from server import parts
from tests.load.apis import own_postgres, serving, upgraded
from tests.load.shooting import Shooter, quantile, request, statuses, tell
from tests.making import make_person, make_photo

FROZEN_S = float(os.environ.get("PICSHARE_TEST_FROZEN_S", "30"))
PER_S = 20
LONGEST_S = 3.0
HEALED_S = 5.0
FEED = "{ feed(first: 10) { edges { node { id title owner { username } } } } }"
PHOTOS = "{ photos(first: 10) { edges { node { id } } } }"
LIKE = "mutation($id: ID!) { likePhoto(id: $id) { photo { likeCount } errors { code } } }"
BACKENDS = "select pid from pg_stat_activity where application_name = 'picshare-api'"


@contextmanager
def stopped(processes):
    """They are frozen in here, and go on behind."""
    for process in processes:
        process.send_signal(signal.SIGSTOP)
    try:
        yield
    finally:
        for process in processes:
            process.send_signal(signal.SIGCONT)


async def healed(shooter, asking):
    """How long it takes until fifty requests in a row are answered well."""
    began, good = perf_counter(), 0
    async with asyncio.timeout(60):
        while good < 50:
            status, _ = await shooter.ask(next(asking))
            good = good + 1 if status == 200 else 0
    return perf_counter() - began


@pytest.mark.torture
async def test_nobody_waits_for_a_frozen_postgres(settings, objects, tmp_path):
    """One backend for a while, then all of PostgreSQL: 503 or 504 in time, and well soon after."""
    with own_postgres() as (url, process):
        await upgraded(url)
        own = settings.model_copy(
            update={"database_url": SecretStr(url), "rate_store": "auto", "deadline_s": 2.0}
        )
        database = parts.database(own, "picshare-tests")
        people = [await make_person(database, own, f"frozen{n}") for n in range(20)]
        photo = await make_photo(database, people[0])
        tokens = itertools.cycle(person.token for person in people)

        def asking():
            while True:
                yield request(FEED, next(tokens))
                yield request(PHOTOS)
                yield request(LIKE, next(tokens), id=photo.id)

        with serving(own, tmp_path / "log") as api:
            shooter, requests = Shooter(api.url), asking()
            await shooter.open_loop(PER_S, 2, lambda: next(requests))
            async with database.connect() as connection:
                pids = list((await connection.execute(text(BACKENDS))).scalars())
            one = [psutil.Process(random.choice(pids))]
            with stopped(one):
                few = await shooter.open_loop(PER_S, FROZEN_S, lambda: next(requests))
            after_one = await healed(shooter, requests)
            whole = psutil.Process(process.pid)
            with stopped([whole, *whole.children(recursive=True)]):
                frozen = await shooter.open_loop(PER_S, FROZEN_S, lambda: next(requests))
                ready, _ = await shooter.ask(b"GET /readyz HTTP/1.1\r\nHost: api\r\n\r\n")
                alive, _ = await shooter.ask(b"GET /livez HTTP/1.1\r\nHost: api\r\n\r\n")
            after_all = await healed(shooter, requests)
            shooter.close()
        await database.close()

    for name, shots, after in (("one", few, after_one), ("all", frozen, after_all)):
        longest = quantile(shots, 1)
        tell(f"{name}: {statuses(shots)}, longest {longest:.2f} s, well after {after:.2f} s")
    assert set(statuses(few)) <= {200, 503, 504}
    assert statuses(few)[200] >= len(few) * 0.9
    assert set(statuses(frozen)) <= {503, 504}
    assert (ready, alive) == (503, 200)
    assert max(quantile(few, 1), quantile(frozen, 1)) <= LONGEST_S
    assert max(after_one, after_all) <= HEALED_S
    assert api.complaints() == []
