"""Worker processes that die, freeze or are told to end: nothing is lost, doubled or late."""

import asyncio
import os
import random
import signal
import subprocess
import time

import pytest
from sqlalchemy import text

from server.worker import GRACE_S
from tests.queue.processes import NURSERY, ended, exists, said, until
from tests.storing import scalar, variant_rows, whole_row

RETRY = "mutation($id: ID!) { retryPhoto(id: $id) { photo { status } errors { code } } }"
FAILURE = "query($id: ID!) { node(id: $id) { ... on Photo { failure { code retryable } } } }"
DEATHS = int(os.environ.get("PICSHARE_TEST_DEATHS", "50"))


async def test_workers_that_die_at_the_worst_moments_lose_and_double_nothing(
    line, ann, publish, work, present, are_ready, is_whole
):
    shared = []
    # Before it has read, between the objects and the row, before it says that it is done.
    for moment in ("begun", "stored", "live"):
        shared.append(await publish(ann))
        assert await ended(work(DIES_AT=moment)) == -signal.SIGKILL
        # Starting the next one may take longer than a silent worker keeps its jobs.
        await line.change("heartbeat = now() + interval '1 hour'", "status = 'picked'")
    assert await line.forget_workers() == 3

    present.send_signal(signal.SIGCONT)

    await are_ready(*shared)
    await line.until_empty()
    await is_whole(ann, *shared)


async def test_a_photo_that_kills_its_worker_has_failed_after_three_and_the_others_have_not(
    line, ann, bob, ask, publish, work, present, status, are_ready, is_whole
):
    killer = await publish(ann, b"die")
    shared = [await publish(bob) for _ in range(3)]
    for _ in range(3):
        assert await ended(work(concurrency=4)) == -signal.SIGKILL
        await line.forget_workers()
        # Those that were handed back wait a moment.
        await line.change("execute_after = now() - interval '1 s'", "status = 'queued'")
    assert await status(killer) == "PROCESSING"

    # Nobody begins with it a fourth time, not even who would bear it.
    present.send_signal(signal.SIGCONT)

    await are_ready(*shared)
    await line.until_empty()
    assert await status(killer) == "FAILED"
    await is_whole(bob, *shared)
    failure = (await ask(FAILURE, viewer=ann, id=killer.id))["node"]["failure"]
    assert failure == {"code": "PROCESSING_ERROR", "retryable": True}
    assert (await ask(RETRY, viewer=ann, id=killer.id))["retryPhoto"]["errors"] == []
    await are_ready(killer)
    await line.until_empty()
    await is_whole(ann, killer)


@pytest.mark.parametrize("rounds", [1, pytest.param(20, marks=pytest.mark.torture)])
async def test_a_worker_that_froze_and_goes_on_later_changes_nothing(
    database, line, objects, ann, publish, work, present, are_ready, is_whole, tmp_path, rounds
):
    late = work()
    shared = []
    for turn in range(rounds):
        flag = tmp_path / str(turn)
        present.send_signal(signal.SIGSTOP)
        photo = await publish(ann, os.fsencode(flag))
        shared.append(photo)
        await until(lambda flag=flag: exists(flag.with_suffix(".reached")))
        late.send_signal(signal.SIGSTOP)
        await line.forget_workers()
        present.send_signal(signal.SIGCONT)
        await are_ready(photo)
        await line.until_empty()
        before = await whole_row(database, photo), await _written(database, objects, photo)

        flag.touch()
        late.send_signal(signal.SIGCONT)
        await until(lambda turn=turn: said(late, "nothing to do", turn + 1))

        after = await whole_row(database, photo), await _written(database, objects, photo)
        assert after == before
    await is_whole(ann, *shared)


@pytest.mark.parametrize(
    ("manner", "many"),
    [
        ("hands back", 2),
        pytest.param("hands back", 8, marks=pytest.mark.torture),
        pytest.param("finishes", 8, marks=pytest.mark.torture),
    ],
)
async def test_a_worker_that_is_told_to_end_finishes_its_jobs_or_hands_them_back(
    line, ann, publish, work, present, are_ready, is_whole, tmp_path, manner, many
):
    process = work(concurrency=many)
    flags = [tmp_path / str(number) for number in range(many)]
    shared = [await publish(ann, os.fsencode(flag)) for flag in flags]
    for flag in flags:
        await until(lambda flag=flag: exists(flag.with_suffix(".reached")))

    process.terminate()
    await until(lambda: said(process, "leaving", 1))
    # It begins nothing more.
    shared.append(await publish(ann))
    if manner == "finishes":
        for flag in flags:
            flag.touch()
        left = 1
    else:
        process.terminate()
        left = many + 1
    assert await ended(process) == 0

    due = "status::text, attempts < 2, execute_after <= now() + interval '1 s'"
    assert await line.rows(due) == [("queued", True, True)] * left
    present.send_signal(signal.SIGCONT)
    await are_ready(*shared)
    await line.until_empty()
    await is_whole(ann, *shared)
    assert {(await whole_row(line.database, each)).crashes for each in shared} == {0}


@pytest.mark.torture
async def test_a_worker_that_is_told_to_end_waits_no_longer_than_its_grace(
    line, ann, publish, work, tmp_path
):
    process = work(concurrency=8)
    flags = [tmp_path / str(number) for number in range(8)]
    for flag in flags:
        await publish(ann, os.fsencode(flag))
    for flag in flags:
        await until(lambda flag=flag: exists(flag.with_suffix(".reached")))

    process.terminate()
    began = time.monotonic()
    assert await ended(process) == 0

    took_s = time.monotonic() - began
    print(f"ended {took_s:.1f} s after SIGTERM, grace {GRACE_S} s")  # noqa: T201
    assert GRACE_S <= took_s <= GRACE_S + 2
    assert {status for _, status in await line.rows()} == {"queued"}


@pytest.mark.torture
async def test_workers_that_are_killed_fifty_times_lose_and_double_nothing(
    database, line, ann, publish, start, present, status, are_ready, is_whole
):
    present.send_signal(signal.SIGCONT)
    chance, shared, hit, lasted = random.Random(4), [], {}, []

    async def watch():
        while True:
            for photo in [photo for photo in hit if photo.key not in back]:
                if await status(photo) == "READY":
                    back.add(photo.key)
                    lasted.append(time.monotonic() - hit[photo])
            await asyncio.sleep(0.1)

    back = set()
    watching = asyncio.create_task(watch())
    nursery = start(NURSERY, concurrency=2, stdin=subprocess.PIPE)
    for count in range(DEATHS):
        print(file=nursery.stdin, flush=True)
        await until(lambda count=count: said(nursery, "working", count + 1))
        fresh = [await publish(ann) for _ in range(6)]
        shared += fresh
        await until(lambda: _picked(line, 1))
        await asyncio.sleep(chance.random() * 0.6)
        # Three in a row would be held against the photo, and rightly so.
        await until(lambda: _none_again(database))
        os.kill(_youngest(nursery), signal.SIGKILL)
        # The other worker may have some of them as well; they count, but as a matter of course.
        taken = {payload for payload, state in await line.rows() if state == "picked"}
        hit |= {photo: time.monotonic() for photo in fresh if photo.key.bytes in taken}
    await are_ready(*shared)
    await line.until_empty()
    await until(lambda: _all_back(hit, back))
    watching.cancel()

    begun = [(await whole_row(database, photo)).attempt for photo in shared]
    print(  # noqa: T201
        f"{DEATHS} workers killed, {len(shared)} photos: {len(hit)} under way then, "
        f"{sum(each > 1 for each in begun)} begun again, READY after {max(lasted):.1f} s at most"
    )
    await is_whole(ann, *shared)
    assert max(lasted) <= 35


def _youngest(nursery):
    lines = nursery.log.read_text().splitlines()
    return int([line for line in lines if line.isdecimal()][-1])


async def _none_again(database):
    """Whether no photo is under way whose worker died before."""
    again = text(
        "select count(*) from pgqueuer join photos on payload = uuid_send(photos.id)"
        " where pgqueuer.status = 'picked' and photos.attempt > 1"
    )
    return await scalar(database, again) == 0


async def _picked(line, many):
    return sum(state == "picked" for _, state in await line.rows()) >= many


async def _all_back(hit, back):
    return len(hit) == len(back)


async def _written(database, objects, photo):
    """When each object of the photo was written."""
    folder = (await variant_rows(database, photo))[0].key.rpartition("/")[0] + "/"
    return [entry async for entries in objects.entries(folder) for entry in entries]
