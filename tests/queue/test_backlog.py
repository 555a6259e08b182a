"""A long queue: whose photo waits how long, and what it costs to be the next."""

import os
import statistics
import time
from datetime import timedelta
from uuid import uuid4

import asyncpg
import pytest

from storage import jobs
from tests.making import make_person
from tests.queue.conftest import claimed
from tests.queue.test_turns import bring, publish
from workers.claims import Claims

pytestmark = pytest.mark.torture

KIND = jobs.MAKE_VARIANTS
WAITING = 100_000
DONE = 1_000_000
CLAIMS = int(os.environ.get("PICSHARE_TEST_CLAIMS", "2000"))
OWNERS = 10
MEASURED = 300

_LOGGED = f"""
    insert into pgqueuer_log (job_id, status, entrypoint, priority)
    select -n, 'successful', 'make_variants', 0 from generate_series(1, {DONE}) as n
"""


def percentile(found, of_hundred):
    return statistics.quantiles(found, n=100)[of_hundred - 1] * 1000


async def claim_many(queries, many):
    """How long each of so many claims took, one after another; each is done then."""
    manager, took = uuid4(), []
    for _ in range(many):
        began = time.perf_counter()
        [job] = await claimed(queries, manager, KIND)
        took.append(time.perf_counter() - began)
        await queries.log_jobs([(job, "successful", None)])
    return took


async def test_a_claim_costs_the_same_however_many_wait(database, settings, url, claimer, line):
    queries = await claimer(Claims)
    await line.add(*[b""] * 1_500, kind=KIND)
    alone = await claim_many(queries, 1_500)
    for number in range(OWNERS):
        person = await make_person(database, settings, f"many{number}")
        await bring(database, person, WAITING // OWNERS)
    holder = await asyncpg.connect(url)
    await holder.execute(_LOGGED)
    await holder.execute("analyze pgqueuer, pgqueuer_log")
    # Nothing that is claimed from now on can be cleared away.
    await holder.execute("begin isolation level repeatable read")
    await holder.fetch("select count(*) from pgqueuer")

    many = await claim_many(queries, CLAIMS)
    plan = await _plan(queries)
    await holder.close()

    first, last = many[:MEASURED], many[-MEASURED:]
    for name, took in (("alone", alone), ("first", first), ("last", last), ("all", many)):
        p50, p99 = percentile(took, 50), percentile(took, 99)
        print(f"{name:<6} {len(took):>6} claims: p50 {p50:.2f} ms, p99 {p99:.2f} ms")  # noqa: T201
    assert "Seq Scan on pgqueuer" not in plan
    assert "Sort Method: external" not in plan
    # What the machine itself adds is no matter of the queue.
    assert percentile(many, 99) <= 20 + percentile(alone, 99)


async def _plan(queries):
    """How PostgreSQL claims a job."""
    query = queries.qbq.build_dequeue_query(
        batch_size=1,
        entrypoints=[KIND],
        concurrency_limits=[0],
        queue_manager_id=uuid4(),
        global_concurrency_limit=2,
        heartbeat_timeout=timedelta(seconds=20),
    )
    connection = queries.driver._connection
    async with connection.transaction():
        rows = await connection.fetch(f"explain (analyze, buffers) {query.sql}", *query.args)
    plan = "\n".join(row[0] for row in rows)
    print(plan)  # noqa: T201
    return plan


async def test_a_turn_costs_little_behind_ten_thousand_of_one_s_own(database, ann):
    await bring(database, ann, 10_000)
    took = []
    for _ in range(200):
        photo = await publish(database, ann)
        async with database.begin() as tx:
            began = time.perf_counter()
            await jobs.make_variants(tx, photo.key)
            took.append(time.perf_counter() - began)
    print(f"p50 {percentile(took, 50):.2f} ms, p99 {percentile(took, 99):.2f} ms")  # noqa: T201
    assert percentile(took, 50) <= 10
