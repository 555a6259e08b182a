"""Jobs that cannot be done: tried again for a while, then kept, listed, and tried again by verb."""

import asyncio
from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy import text

from server import worker
from storage import jobs
from tests.making import make_person
from tests.queue.conftest import KIND, claimed, running
from tests.storing import make_awaiting, scalar, whole_row
from workers.outcomes import Outcome
from workers.queue import FIRST_DELAY_S, MAX_FAILURES, Kind, Queue, delay

RETRY = """
mutation($id: ID!) { retryPhoto(id: $id) { photo { status } errors { code } } }
"""
STATUS = """
query($id: ID!) { node(id: $id) { ... on Photo { status failure { code message retryable } } } }
"""


@pytest.fixture
def waits(database, line):
    """The delays before each next attempt, in seconds, until the job is given up."""

    async def waits():
        found = []
        what = "status::text, attempts, extract(epoch from execute_after - updated)::float8"
        while True:
            tries = len(found)
            [(status, _, delay_s)] = await line.until(
                lambda rows, tries=tries: rows[0][0] == "failed" or rows[0][1] > tries, what
            )
            if status == "failed":
                return found
            found.append(delay_s)
            await line.change("execute_after = now()", "status = 'queued'")

    return waits


async def _always_fails(_):
    raise RuntimeError("a bug")


async def test_a_job_that_always_fails_is_tried_on_schedule_and_then_kept(
    database, url, line, waits, typed
):
    runs = 0

    async def fails(_):
        nonlocal runs
        runs += 1
        raise RuntimeError("a bug")

    await line.add(b"always fails")
    async with running(Queue(url, {KIND: Kind(fails)}, concurrency=1)):
        delays = await waits()

    schedule = [FIRST_DELAY_S * 2**attempt for attempt in range(MAX_FAILURES - 1)]
    assert len(delays) == len(schedule)
    # A quarter either way, and what passes between two clocks of one transaction.
    for measured, planned in zip(delays, schedule, strict=True):
        assert 0.75 * planned - 0.001 <= measured <= 1.25 * planned + 0.001
    assert runs == MAX_FAILURES
    assert await line.rows() == [(b"always fails", "failed")]
    code, [said], _ = await typed()
    assert code == 1
    assert "test_kind  given up 0:00:0" in said
    assert said.endswith(f"it failed {MAX_FAILURES} times; RuntimeError: a bug")


async def test_a_job_that_was_given_up_is_tried_again_by_verb(database, url, line, waits, typed):
    await line.add(b"in the end")
    async with running(Queue(url, {KIND: Kind(_always_fails)}, concurrency=1)):
        await waits()
    [(id,)] = await line.rows("id")

    assert await typed("retry", str(id + 1)) == (1, ["0 tried again"], "")
    assert await typed("retry", "seven") == (
        1,
        [],
        "picshare: 'seven' is neither a number of a job, nor a photo, nor all\n",
    )
    assert await typed("retry", str(id)) == (0, ["1 tried again"], "")
    assert await line.rows("status::text, attempts") == [("queued", 0)]
    # It has as many attempts as a new one.
    async with running(Queue(url, {KIND: Kind(_always_fails)}, concurrency=1)):
        assert len(await waits()) == MAX_FAILURES - 1

    async def done(_):
        return Outcome.DONE

    assert await typed("retry", "all") == (0, ["1 tried again"], "")
    async with running(Queue(url, {KIND: Kind(done)}, concurrency=1)):
        await line.until_empty()
    assert await typed() == (0, ["no job waits"], "")
    assert await typed("retry", "all") == (0, ["0 tried again"], "")
    assert (await typed("retry"))[0] == 1


async def test_a_flaky_job_is_done_in_the_end(url, line):
    runs = 0

    async def flaky(_):
        nonlocal runs
        runs += 1
        if runs % 2:
            raise RuntimeError("now and then")
        return Outcome.AGAIN if runs < 6 else Outcome.DONE

    await line.add(b"flaky")
    async with running(Queue(url, {KIND: Kind(flaky)}, concurrency=1)):
        for tries in range(1, 6):
            await line.until(lambda rows, tries=tries: rows[0][0] == tries, "attempts")
            await line.change("execute_after = now()", "status = 'queued'")
        await line.until_empty()

    assert runs == 6


async def test_a_fault_outside_is_never_a_reason_to_give_up(url, line):
    runs = 0

    async def waits_for_the_store(_):
        nonlocal runs
        runs += 1
        return Outcome.AGAIN if runs <= MAX_FAILURES + 4 else Outcome.DONE

    await line.add(b"the store is away")
    async with running(Queue(url, {KIND: Kind(waits_for_the_store)}, concurrency=1)):
        for tries in range(1, MAX_FAILURES + 5):
            await line.until(lambda rows, tries=tries: rows[0][0] == tries, "attempts")
            await line.change("execute_after = now()", "status = 'queued'")
        await line.until_empty()

    assert runs == MAX_FAILURES + 5


def test_the_delay_has_a_bound():
    assert max(delay(attempts).total_seconds() for attempts in range(2_000)) <= 375


async def test_a_job_that_never_returns_is_broken_off_and_given_up(url, line, waits):
    ended = []

    async def never(payload):
        try:
            await asyncio.Event().wait()
        finally:
            ended.append(payload)

    await line.add(b"never returns")
    kind = Kind(never, at_most=timedelta(seconds=0.1))
    async with running(Queue(url, {KIND: kind}, concurrency=1)):
        delays = await waits()

    assert (len(delays), ended) == (MAX_FAILURES - 1, [b"never returns"] * MAX_FAILURES)


async def test_a_job_that_does_not_say_what_it_is_about_is_given_up_at_once(
    url, line, workshop, typed
):
    every = worker.kinds(worker.handlers(workshop), worker.giving_up(workshop))
    unreadable = {jobs.MAKE_VARIANTS: b"seven", jobs.REMOVE_OBJECTS: b'{"no": "list"}'}
    for kind, payload in unreadable.items():
        await line.add(payload, kind=kind)

    async with running(Queue(url, every, concurrency=2)):
        await line.until(lambda rows: {status for _, status in rows} == {"failed"})

    code, said, _ = await typed()
    assert code == 1
    assert sorted(each.split()[1] for each in said) == sorted(unreadable)
    assert {each.rpartition("ago  ")[2].partition(";")[0] for each in said} == {
        "a job has no id of what it is about",
        "a job has no list of keys",
    }


async def test_a_job_of_an_unknown_kind_waits_for_who_knows_it(url, line, typed, client):
    async def done(_):
        return Outcome.DONE

    await line.add(b"of tomorrow", kind="of_tomorrow")
    await line.add(b"known")
    async with running(Queue(url, {KIND: Kind(done)}, concurrency=1)):
        await line.until(lambda rows: len(rows) == 1)

    assert await line.rows() == [(b"of tomorrow", "queued")]
    code, [said], _ = await typed()
    assert code == 0
    assert said.startswith("of_tomorrow                1 wait, the oldest for 0:00:0")
    assert said.endswith("  (a kind that this version does not know)")
    metrics = (await client.get("/metrics")).text
    assert 'picshare_queue_depth{kind="of_tomorrow"} 1.0' in metrics


async def test_a_job_that_takes_its_worker_with_it_is_given_up_and_the_queue_moves_on(
    url, line, claimer, client
):
    ran = []

    async def handler(payload):
        ran.append(payload)
        return Outcome.DONE

    await line.add(b"kills", b"harmless")
    for _ in range(3):
        # Workers that die with it: nobody ever says what became of it.
        queries = await claimer()
        await claimed(queries, uuid4())
        await line.forget_workers()

    async with running(Queue(url, {KIND: Kind(handler)}, concurrency=1)):
        await line.until(lambda rows: rows == [(b"kills", "failed")])

    assert ran == [b"harmless"]
    metrics = (await client.get("/metrics")).text
    assert 'picshare_jobs_given_up{kind="test_kind"} 1.0' in metrics
    assert 'picshare_jobs_given_up{kind="make_variants"} 0.0' in metrics


@pytest.fixture
def broken(workshop):
    """Every kind as the worker has it, but photos cannot be made."""
    every = worker.kinds(worker.handlers(workshop), worker.giving_up(workshop))
    kind = every[jobs.MAKE_VARIANTS]
    return every | {jobs.MAKE_VARIANTS: Kind(_always_fails, last_words=kind.last_words)}


async def test_a_photo_whose_job_is_given_up_says_so_to_its_owner(
    database, objects, settings, url, line, waits, ask, typed, workshop, broken
):
    eve = await make_person(database, settings, "eve")
    photo = await make_awaiting(database, objects, eve)
    async with database.begin() as tx:
        await jobs.make_variants(tx, photo.key)
    async with running(Queue(url, broken, concurrency=1)):
        for tries in range(1, MAX_FAILURES):
            await line.until(lambda rows, tries=tries: rows[0][0] == tries, "attempts")
            await line.change("execute_after = now()", "status = 'queued'")
        await line.until_empty()

    node = (await ask(STATUS, viewer=eve, id=photo.id))["node"]
    assert node["status"] == "FAILED"
    assert (node["failure"]["code"], node["failure"]["retryable"]) == ("PROCESSING_ERROR", True)
    code, [said], _ = await typed()
    assert code == 1
    assert said.startswith(f"{photo.id}  of {eve.username}  published 0:00:")
    # The owner has it tried again, or whoever runs the service.
    assert (await ask(RETRY, viewer=eve, id=photo.id))["retryPhoto"]["errors"] == []
    assert await line.rows("entrypoint, status::text") == [(jobs.MAKE_VARIANTS, "queued")]
    async with database.begin() as tx:
        await tx.execute(
            text(
                "update photos set status = 'FAILED', failure_code = 'PROCESSING_ERROR',"
                " failure_message = '' where id = :id"
            ),
            {"id": photo.key},
        )
    await line.change("execute_after = now() + interval '1 hour'")
    assert await typed("retry", photo.id) == (0, ["1 tried again"], "")
    assert await typed("retry", photo.id) == (1, ["0 tried again"], "")
    every = worker.kinds(worker.handlers(workshop), worker.giving_up(workshop))
    async with running(Queue(url, every, concurrency=1)):
        await line.until(lambda rows: len(rows) <= 1)
    assert (await whole_row(database, photo)).status == "READY"
    assert await scalar(database, text("select count(*) from variants")) >= 6
