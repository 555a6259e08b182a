"""Late comers: what a worker says of a job counts only while the job is its own."""

from datetime import timedelta
from uuid import uuid4

import pytest

from tests.queue.conftest import claimed
from workers.claims import Claims, Past
from workers.queue import Failed


@pytest.fixture
def two(claimer, line):
    """A worker that froze with a job, another that has it now, and the job as each knows it."""

    async def two(payload):
        await line.add(payload)
        late, present = await claimer(Claims), await claimer(Claims)
        [old] = await claimed(late, uuid4())
        await line.forget_workers()
        [new] = await claimed(present, uuid4())
        assert old.id == new.id
        return late, old, present, new

    return two


@pytest.mark.parametrize("status", ["successful", "exception", "failed", "canceled"])
async def test_a_late_end_changes_nothing(two, line, status):
    late, old, present, new = await two(b"a late end")
    before = await line.rows("*")

    await late.log_jobs([(old, status, None)])

    assert await line.rows("*") == before
    assert late.unsaid == []
    await present.log_jobs([(new, "successful", None)])
    assert await line.rows() == []


async def test_a_late_retry_changes_nothing(two, line):
    late, old, present, new = await two(b"a late retry")
    before = await line.rows("*")

    await late.retry_job(old, timedelta(), None)

    assert await line.rows("*") == before
    await present.retry_job(new, timedelta(), None)
    assert await line.rows("payload, status::text, attempts") == [(b"a late retry", "queued", 1)]


async def test_a_late_heartbeat_changes_nothing(two, line):
    late, old, present, new = await two(b"a late heartbeat")
    before = await line.rows("heartbeat")

    await late.update_heartbeat([old.id])
    assert await line.rows("heartbeat") == before
    await present.update_heartbeat([new.id])
    assert await line.rows("heartbeat") > before


async def test_the_claim_counts_and_not_the_worker(claimer, line):
    """A job that came back to the same worker is another claim."""
    await line.add(b"came back")
    claims, manager = await claimer(Claims), uuid4()
    [first] = await claimed(claims, manager)
    await line.forget_workers()
    [second] = await claimed(claims, manager)

    await claims.log_jobs([(first, "successful", None)])
    assert await line.rows() == [(b"came back", "picked")]
    await claims.log_jobs([(second, "successful", None)])
    assert await line.rows() == []


async def test_a_job_whose_task_was_cancelled_stays(claimer, line):
    await line.add(b"cancelled")
    claims = await claimer(Claims)
    [job] = await claimed(claims, uuid4())

    await claims.log_jobs([(job, "canceled", None)])

    assert await line.rows() == [(b"cancelled", "picked")]


async def test_what_the_database_was_not_told_is_said_over_the_next_connection(claimer, line):
    await line.add(b"one", b"two", b"three")
    broken = await claimer(Claims)
    one, two, three = await claimed(broken, uuid4(), many=3)
    broken.driver._connection.terminate()

    await broken.log_jobs([(one, "successful", None), (two, "failed", None)])
    await broken.retry_job(three, timedelta(hours=1), None)
    assert {status for _, status in await line.rows()} == {"picked"}
    whole = await claimer(lambda driver: Claims(driver, unsaid=broken.unsaid))

    assert await claimed(whole, uuid4()) == []
    assert await line.rows() == [(b"two", "failed"), (b"three", "queued")]
    assert await line.rows("execute_after > now() + interval '59 min'") == [(False,), (True,)]
    assert broken.unsaid == []


async def test_the_past_of_a_job_is_known(claimer, line):
    await line.add(b"a past")
    claims = await claimer(Claims)

    async def next_past():
        await line.forget_workers()
        await line.change("execute_after = now() - interval '1 s'")
        [job] = await claimed(claims, uuid4())
        return job, await claims.past(job, Failed)

    job, past = await next_past()
    assert past == Past(claims=1, failures=0)
    assert (await next_past())[1] == Past(claims=2, failures=0)
    job, past = await next_past()
    assert past == Past(claims=3, failures=0)
    # What is said of it ends the row of silent workers.
    await claims.retry_job(job, timedelta(), None)
    assert (await next_past())[1] == Past(claims=1, failures=0)
