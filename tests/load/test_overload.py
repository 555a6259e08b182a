"""L1: three times what can be served, for a while: as much as ever is served, the rest is told."""

import asyncio
import os
from time import perf_counter

import pytest

from tests.load.conftest import PHOTOS
from tests.load.shooting import Shooter, quantile, request, statuses, tell
from tests.making import make_photo

SECONDS = float(os.environ.get("PICSHARE_TEST_OVERLOAD_S", "20"))
BESIDE = 32


async def most_per_s(shooter, asking, seconds=5):
    """How many answers a second there are where each client waits for its answer."""
    until, done = perf_counter() + seconds, 0

    async def ask():
        nonlocal done
        while perf_counter() < until:
            status, _ = await shooter.ask(asking)
            assert status == 200
            done += 1

    await asyncio.gather(*(ask() for _ in range(BESIDE)))
    return done / seconds


def _in_ms(shots):
    p50, p99 = (1000 * quantile(shots, share) for share in (0.5, 0.99))
    return f"p50 {p50:.0f} ms, p99 {p99:.0f} ms"


@pytest.mark.torture
async def test_too_much_is_shed_and_the_rest_served(api, database, ann):
    for _ in range(10):
        await make_photo(database, ann)
    shooter, asking = Shooter(api.url), request(PHOTOS)
    await most_per_s(shooter, asking, 2)
    most = await most_per_s(shooter, asking)
    base = await shooter.open_loop(most / 2, 5, lambda: asking)

    began = perf_counter()
    shots = await shooter.open_loop(most * 3, SECONDS, lambda: asking)
    lasted = perf_counter() - began
    after = await shooter.open_loop(most / 2, 15, lambda: asking)
    shooter.close()

    good = [shot for shot in shots if shot.is_good]
    refused = [shot for shot in shots if shot.status == 503]
    late = [shot for shot in after if shot.at > after[0].at + 10]
    tell(f"at most {most:.0f}/s; base {statuses(base)} {_in_ms(base)}")
    tell(f"3x for {lasted:.0f} s: {statuses(shots)}: {len(good) / lasted:.0f}/s good")
    tell(f"good {_in_ms(good)}; refused {_in_ms(refused) if refused else 'none'}")
    tell(f"then {statuses(after)} {_in_ms(after)}; after 10 s {statuses(late)} {_in_ms(late)}")
    assert set(statuses(shots)) <= {200, 503, 504}
    assert refused
    assert set(statuses(late)) == {200}
    assert api.complaints() == []
