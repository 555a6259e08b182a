"""Buckets: exact alone, exact together, and no harm when they are lost."""

import asyncio
import secrets
import shutil
import subprocess
from contextlib import suppress

import pytest
import pytest_asyncio
from pydantic import SecretStr
from sqlalchemy import func, select

from server import parts
from server.embedded.sockets import free_port
from server.rates.buckets import Fallback, InMemory, InPostgres, Policy
from server.rates.leases import Leases
from server.rates.redis import InRedis
from storage import rates
from storage.database import Database
from storage.rates import Wish
from storage.reached import Unavailable
from storage.tables import rate_buckets
from tests.services import reachable_directory

# So slow that nothing comes back while a test runs.
SLOW = Policy("slow", 1_000, 1e-6)


class Clock:
    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now


@pytest.fixture
def key():
    return secrets.token_bytes(16)


@pytest_asyncio.fixture
async def shared(database, settings):
    """A second way to the same buckets, as another process has it."""
    opened = parts.database(settings, "picshare-rates-test")
    yield InPostgres(opened)
    await opened.close()


@pytest.fixture
def redis_url():
    program = shutil.which("redis-server")
    if program is None:
        pytest.skip("needs redis-server")
    with reachable_directory() as directory:
        port = free_port()
        given = ["--port", str(port), "--bind", "127.0.0.1", "--dir", str(directory), "--save", ""]
        process = subprocess.Popen([program, *given], stdout=subprocess.DEVNULL)
        try:
            yield f"redis://127.0.0.1:{port}/0"
        finally:
            process.terminate()
            process.wait(30)


@pytest_asyncio.fixture(params=["memory", "postgres", "redis"])
async def pair(request, database, shared):
    """One set of buckets as two processes have it."""
    if request.param == "memory":
        both = InMemory()
        yield both, both
    elif request.param == "postgres":
        yield InPostgres(database), shared
    else:
        url = request.getfixturevalue("redis_url")
        opened = InRedis(url), InRedis(url)
        await _until_reached(opened[0])
        yield opened
        for each in opened:
            await each.close()


async def _until_reached(buckets):
    async with asyncio.timeout(30):
        while True:
            with suppress(Unavailable):
                await buckets.take(b"first", SLOW, Wish(0, 0))
                return
            await asyncio.sleep(0.05)


async def _spent(leases, key, points, times):
    taken = [await leases.take(key, SLOW, points) for _ in range(times)]
    return sum(each.is_granted for each in taken)


async def test_many_at_once_never_get_more_than_there_is(pair, key):
    leases = [Leases(each) for each in pair]

    granted = await asyncio.gather(*(_spent(leases[number % 2], key, 7, 60) for number in range(8)))

    # 142 times 7 points; what one process has leased the other cannot spend, and each of them may
    # run ahead by one operation, which it owes.
    most_leased = SLOW.points // 50 + 7
    assert 142 - most_leased // 7 <= sum(granted) <= 142 + len(leases)


async def test_one_gets_exactly_what_there_is(pair, key):
    assert await _spent(Leases(pair[0]), key, 10, 300) == 100
    # Who asks for more than can be owed is told so by a process that has heard nothing of it.
    assert await _spent(Leases(pair[1]), key, 11, 1) == 0


async def test_a_process_that_has_heard_nothing_lets_one_small_thing_through(pair, key):
    assert await _spent(Leases(pair[0]), key, 10, 300) == 100
    assert await _spent(Leases(pair[1]), key, 10, 10) == 1


async def test_what_was_not_used_goes_back(pair, key):
    clock = Clock()
    leases = Leases(pair[0], clock)
    assert await _spent(leases, key, 5, 3) == 3
    # The lease is over; the next one brings back what was left of it.
    clock.now += 100
    assert await _spent(leases, key, 5, 1) == 1
    await leases.close()

    grant = await pair[1].take(key, SLOW, Wish(0, 0))
    assert grant.missing_s * SLOW.per_s == pytest.approx(20, abs=0.1)


async def test_who_had_plenty_waits_for_nobody_and_all_pay_together(shared, monkeypatch):
    sent, is_sent, take = [], asyncio.Event(), rates.take

    async def noted(way, wishes):
        sent.append(len(wishes))
        is_sent.set()
        return await take(way, wishes)

    keys = [secrets.token_bytes(16) for _ in range(5)]
    leases = Leases(shared)
    monkeypatch.setattr(rates, "take", noted)

    taken = [await leases.take(key, SLOW, 10) for key in keys]

    assert [each.remaining for each in taken] == [990] * 5
    assert sent == []
    async with asyncio.timeout(30):
        await is_sent.wait()
    await leases.close()
    assert sent == [5]
    for key in keys:
        grant = await shared.take(key, SLOW, Wish(0, 0))
        assert grant.missing_s * SLOW.per_s == pytest.approx(10, abs=0.1)


async def test_what_is_owed_to_an_empty_bucket_is_paid_first(key):
    clock = Clock()
    shared, policy = InMemory(clock), Policy("quick", 1_000, 10.0)
    leases, others = Leases(shared, clock), Leases(shared, clock)
    assert sum(await _granted(others, key, policy, *[40] * 25)) == 25

    # Here nothing was heard of that: one more goes through, and then nothing.
    assert await _granted(leases, key, policy, 10, 1, 1) == [True, False, False]
    await leases.close()
    clock.now += 0.5
    assert await _granted(leases, key, policy, 1) == [False]
    clock.now += 0.7
    assert await _granted(leases, key, policy, 1) == [True]


@pytest.mark.parametrize("error", [Unavailable, RuntimeError])
async def test_a_debt_outlasts_a_bucket_that_cannot_be_asked(key, error):
    class Away(InMemory):
        is_away = False

        async def take(self, *given):
            if self.is_away:
                raise error
            return await super().take(*given)

    shared = Away()
    leases = Leases(shared)
    assert await _granted(leases, key, SLOW, 10) == [True]
    shared.is_away = True
    await leases.close()
    with pytest.raises(error):
        await leases.take(key, SLOW, 10)
    shared.is_away = False

    assert await _granted(leases, key, SLOW, 10) == [True]
    grant = await shared.take(key, SLOW, Wish(0, 0))
    assert grant.missing_s * SLOW.per_s == pytest.approx(20, abs=0.1)


async def _granted(leases, key, policy, *points):
    return [(await leases.take(key, policy, each)).is_granted for each in points]


async def test_points_come_back_with_time(key):
    clock = Clock()
    leases, policy = Leases(InMemory(clock), clock), Policy("quick", 100, 10.0)
    assert sum([(await leases.take(key, policy, 10)).is_granted for _ in range(20)]) == 10

    refused = await leases.take(key, policy, 10)
    assert (refused.is_granted, refused.remaining) == (False, 0)
    assert (refused.retry_in_s, refused.full_in_s) == pytest.approx((1.0, 10.0))
    granted = 0
    for _ in range(1_000):
        clock.now += 0.1
        granted += (await leases.take(key, policy, 1)).is_granted
    # 100 s at 10 points a second, to within 2 %.
    assert granted == pytest.approx(1_000, rel=0.02)


async def test_who_asks_much_asks_the_database_seldom(key):
    asked = []

    class Counted(InMemory):
        async def take(self, *given):
            asked.append(given)
            return await super().take(*given)

    leases, policy = Leases(Counted()), Policy("large", 1_000_000, 1e-6)
    assert sum([(await leases.take(key, policy, 10)).is_granted for _ in range(1_000)]) == 1_000

    assert len(asked) < 20


async def test_who_is_refused_asks_the_database_no_more(shared, key):
    asked = []

    class Counted(InMemory):
        async def take(self, *given):
            asked.append(given)
            return await super().take(*given)

    leases = Leases(Counted())
    await _spent(leases, key, 1_000, 1)
    before = len(asked)

    assert await _spent(leases, key, 10, 1_000) == 0
    assert len(asked) == before


async def test_a_wish_larger_than_the_bucket_takes_all_of_it(key):
    leases = Leases(InMemory())

    assert (await leases.take(key, SLOW, 5_000)).is_granted
    assert not (await leases.take(key, SLOW, 10)).is_granted


async def test_a_lost_bucket_is_a_full_one(database, shared, key):
    leases = Leases(shared)
    assert await _spent(leases, key, 1_000, 2) == 1
    async with database.begin() as tx:
        await tx.execute(rate_buckets.delete().where(rate_buckets.c.key == key))

    assert await _spent(Leases(shared), key, 1_000, 2) == 1


async def test_full_buckets_are_swept_and_others_stay(database, shared, key):
    full = secrets.token_bytes(16)
    await shared.take(full, Policy("quick", 1, 1e9), Wish(1e-9, 1e-9))
    await shared.take(key, SLOW, Wish(1, 1))

    await shared.sweep()

    async with database.connect() as connection:
        kept = select(rate_buckets.c.key).where(rate_buckets.c.key.in_([full, key]))
        assert (await connection.execute(kept)).scalars().all() == [key]
        unlogged = select(func.count()).select_from(
            select(1).where(func.to_regclass("rate_buckets").is_not(None)).subquery()
        )
        assert (await connection.execute(unlogged)).scalar_one() == 1


async def test_without_the_shared_buckets_each_process_counts_for_itself(key):
    asked = []

    class Counted(InPostgres):
        async def take(self, *given):
            asked.append(given)
            return await super().take(*given)

    clock = Clock()
    clock.now = 1.0
    away = Counted(Database("postgresql://nobody@127.0.0.1:1/nothing"))
    leases = Leases(Fallback(away, clock), clock)

    assert await _spent(leases, key, 10, 300) == 100

    # It is not tried again at once.
    assert len(asked) == 1
    await away.close()


async def test_redis_that_is_away_is_no_error(key):
    away = InRedis(f"redis://127.0.0.1:{free_port()}/0")

    assert await _spent(Leases(Fallback(away)), key, 10, 300) == 100
    await away.close()


@pytest.mark.parametrize(
    ("changed", "kind"),
    [
        ({"rate_store": "memory"}, InMemory),
        ({"rate_store": "auto"}, InPostgres),
        ({"rate_store": "auto", "redis_url": SecretStr("redis://127.0.0.1:1/0")}, InRedis),
    ],
)
async def test_the_settings_say_where_buckets_are(settings, changed, kind):
    gate = parts.gate(settings.model_copy(update=changed))

    found = gate._buckets
    assert isinstance(getattr(found, "_shared", found), kind)
    await gate.close()


async def test_several_buckets_are_one_statement_and_each_keeps_to_itself(shared, monkeypatch):
    sent, take = [], rates.take

    async def noted(way, wishes):
        sent.append(len(wishes))
        return await take(way, wishes)

    monkeypatch.setattr(rates, "take", noted)
    keys = [secrets.token_bytes(16) for _ in range(5)]
    await shared.take(keys[3], SLOW, Wish(SLOW.span_s, SLOW.span_s))
    leases = Leases(shared)

    taken = await asyncio.gather(*(leases.take(key, SLOW, 70) for key in keys))

    assert [each.is_granted for each in taken] == [True, True, True, False, True]
    assert [each.remaining for each in taken] == [930, 930, 930, 0, 930]
    assert sent == [1, 5]


async def test_one_bucket_that_is_asked_twice_at_once_grants_one_wish_after_the_other(shared, key):
    half = Wish(SLOW.span_s * 0.6, SLOW.span_s * 0.6)

    one, other = await asyncio.gather(shared.take(key, SLOW, half), shared.take(key, SLOW, half))

    assert one.taken_s == pytest.approx(half.least_s)
    assert other.taken_s == 0
