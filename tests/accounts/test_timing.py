"""How long a refusal takes tells nothing about whom it is about."""

import itertools
import math
import statistics
from time import perf_counter

import pytest

from resolvers.context import Client
from tests.accounts.operations import LOG_IN, REQUEST_RESET
from tests.making import make_person

TIMES = 500


def mann_whitney(first, second):
    """The two-sided p that both samples are of one distribution.

    Source: Mann and Whitney, 1947, https://doi.org/10.1214/aoms/1177730491: U by rank sums, its
    normal approximation, sigma^2 = n m (n + m + 1) / 12.
    """
    ranked = sorted([(value, 0) for value in first] + [(value, 1) for value in second])
    rank_sum, rank = 0.0, 1
    for _, group in itertools.groupby(ranked, key=lambda pair: pair[0]):
        tied = list(group)
        mean_rank = rank + (len(tied) - 1) / 2
        rank_sum += mean_rank * sum(1 for _, which in tied if which == 0)
        rank += len(tied)
    n, m = len(first), len(second)
    u = rank_sum - n * (n + 1) / 2
    z = (u - n * m / 2) / math.sqrt(n * m * (n + m + 1) / 12)
    return math.erfc(abs(z) / math.sqrt(2))


def test_the_statistic_tells_what_differs_from_what_does_not():
    assert mann_whitney([1, 2, 3], [1, 2, 3]) == 1
    assert mann_whitney(range(100), range(50, 150)) < 1e-6


async def _timed(send, kinds, query):
    """How long each kind of request takes, in turns, so that a busy moment strikes all."""
    taken, answers = {name: [] for name in kinds}, {name: [] for name in kinds}
    for number in range(-20, TIMES):
        for name, variables in kinds.items():
            client = Client(f"10.{number % 200}.{len(name)}.1")
            began = perf_counter()
            answer = await send(query, client=client, **variables(number))
            if number >= 0:
                taken[name].append(perf_counter() - began)
                answers[name].append(repr(answer))
    return taken, answers


def _assert_alike(taken, answers):
    assert len({answer for found in answers.values() for answer in found}) == 1
    medians = {name: statistics.median(found) * 1000 for name, found in taken.items()}
    print({name: f"{median:.2f} ms" for name, median in medians.items()})  # noqa: T201
    for one, other in itertools.combinations(taken, 2):
        # Of those that were asked for one after the other: a busy minute strikes both.
        pairs = zip(taken[one], taken[other], strict=True)
        apart = statistics.median(first - second for first, second in pairs) * 1000
        p = mann_whitney(taken[one], taken[other])
        print(f"{one} / {other}: {apart:.2f} ms, p = {p:.3f}")  # noqa: T201
        assert abs(apart) <= 2
        assert p > 0.01


@pytest.mark.torture
async def test_logging_in(send, sign_up):
    existing = [(await sign_up())["session"]["user"]["username"] for _ in range(60)]
    locked = (await sign_up())["session"]["user"]["username"]
    for number in range(10):
        await send(LOG_IN, login=locked, password="guess", client=Client(f"198.51.100.{number}"))
    guess = {"password": "wrong horse battery"}
    kinds = {
        # Each is asked for nine times, so that none becomes locked.
        "existing": lambda n: {"login": existing[n % 60], **guess},
        "absent": lambda n: {"login": f"nobody{n % 60}" + "x" * 8, **guess},
        "locked": lambda _: {"login": locked, **guess},
    }

    _assert_alike(*await _timed(send, kinds, LOG_IN))


@pytest.mark.torture
async def test_asking_for_a_reset(database, settings, send):
    people = [await make_person(database, settings, "ann") for _ in range(200)]
    existing = [f"{person.username}@example.org" for person in people]
    kinds = {
        "existing": lambda n: {"email": existing[n % 200]},
        "absent": lambda n: {"email": f"a{n % 200:016x}@example.org"},
    }

    _assert_alike(*await _timed(send, kinds, REQUEST_RESET))
