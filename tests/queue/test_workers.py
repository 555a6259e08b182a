"""Worker processes that die, freeze or are told to end: nothing is lost, doubled or late."""

import asyncio
import hashlib
import os
import secrets
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import pytest_asyncio
from sqlalchemy import func, select, text

from schema.nodes import global_id
from storage import jobs, photos, uploads
from storage.photos import Draft
from storage.rows import Visibility
from storage.tables import photos as photo_table
from storage.uploads import Promise
from tests.making import LONG, Shared
from tests.queue.conftest import PATIENCE_S
from tests.running import clean_environment
from tests.storing import counts, picture, scalar, variant_rows, whole_row

SABOTAGED = Path(__file__).with_name("sabotaged_worker.py")
RETRY = "mutation($id: ID!) { retryPhoto(id: $id) { photo { status } errors { code } } }"
FAILURE = "query($id: ID!) { node(id: $id) { ... on Photo { failure { code retryable } } } }"
DEATHS = int(os.environ.get("PICSHARE_TEST_DEATHS", "50"))


@pytest.fixture
def publish(database, objects):
    """A photo as it is right after publishing, with its job; *order* is for a sabotaged worker."""

    async def publish(owner, order=b""):
        data, token = picture() + (order and b"\nORDER " + order), secrets.token_hex(16)
        promise = Promise("image/jpeg", len(data), hashlib.sha256(data).digest(), None)
        draft = Draft("", "", "", [], None, None, None, Visibility.PUBLIC)
        key = f"originals/{token}"
        await objects.write(key, data, "image/jpeg")
        async with database.begin() as tx:
            given = {"upload_ttl": LONG, "publish_ttl": LONG}
            upload = await uploads.add(tx, owner.key, promise, None, **given)
            row, _ = await photos.add(tx, upload, draft, original_key=key, media_token=token)
            await jobs.make_variants(tx, row.id)
        return Shared(global_id("photo", row.id), row.id)

    return publish


@pytest_asyncio.fixture
async def work(place, tmp_path):
    """Starts workers as processes of their own; what is left of them is killed in the end."""
    processes = []

    def work(*command, **changed):
        given = place | {"data_dir": tmp_path, "log_format": "json", "worker_concurrency": 1}
        others = {name: value for name, value in changed.items() if name.isupper()}
        given |= {name: value for name, value in changed.items() if not name.isupper()}
        environment = {f"PICSHARE_{name.upper()}": str(value) for name, value in given.items()}
        with (tmp_path / f"{len(processes)}.log").open("w") as log:
            process = subprocess.Popen(
                [sys.executable, "-P", *(command or ("-m", "server.cli", "work"))],
                env=clean_environment() | environment | others,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        process.log = Path(log.name)
        processes.append(process)
        return process

    yield work
    for process in processes:
        process.kill()
        await asyncio.to_thread(process.wait, PATIENCE_S)


async def until(condition):
    """Returns what *condition* answers, once that is true."""
    async with asyncio.timeout(PATIENCE_S):
        while not (found := await condition()):  # noqa: ASYNC110 - Processes tell nobody.
            await asyncio.sleep(0.02)
    return found


async def exists(path):
    return path.exists()


async def ended(process):
    return await asyncio.to_thread(process.wait, PATIENCE_S)


@pytest.fixture
def status(database):
    async def status(photo):
        return (await whole_row(database, photo)).status

    return status


@pytest.fixture
def are_ready(status):
    """Returns once all of the photos are READY."""

    async def are_ready(*shared):
        async def ready():
            return {await status(photo) for photo in shared} == {"READY"}

        await until(ready)

    return are_ready


@pytest.fixture
def is_whole(database, objects):
    """Asserts that a photo has each variant once, as its rows say, and that nothing else is there.

    Its job is gone, and it is counted once among the photos of its owner.
    """

    async def is_whole(owner, *shared):
        for photo in shared:
            rows = await variant_rows(database, photo)
            keys = [row.key for row in rows]
            folder = keys[0].rpartition("/")[0] + "/"
            assert len(rows) == 6
            assert set(await objects.keys(folder)) == set(keys)
            for row in rows:
                assert (await objects.head(row.key)).byte_size == row.byte_size
            job = text("select count(*) from pgqueuer where payload = :payload")
            assert await scalar(database, job.bindparams(payload=photo.key.bytes)) == 0
        mine = select(func.count()).where(
            photo_table.c.owner_id == owner.key, photo_table.c.status == "READY"
        )
        assert (await counts(database, owner))[0] == await scalar(database, mine)

    return is_whole


async def test_workers_that_die_at_the_worst_moments_lose_and_double_nothing(
    line, ann, publish, work, are_ready, is_whole
):
    shared = []
    # Before it has read, between the objects and the row, before it says that it is done.
    for moment in ("begun", "stored", "live"):
        shared.append(await publish(ann))
        assert await ended(work(SABOTAGED, DIES_AT=moment)) == -signal.SIGKILL
    assert await line.forget_workers() == 3

    work()

    await are_ready(*shared)
    await line.until_empty()
    await is_whole(ann, *shared)


async def test_a_photo_that_kills_its_worker_has_failed_after_three_and_the_others_have_not(
    line, ann, bob, ask, publish, work, status, are_ready, is_whole
):
    killer = await publish(ann, b"die")
    shared = [await publish(bob) for _ in range(3)]
    deaths = 0

    async def has_ended(process):
        return process.poll() is not None or await status(killer) == "FAILED"

    while await status(killer) != "FAILED":
        process = work(SABOTAGED, worker_concurrency=4)
        await until(lambda process=process: has_ended(process))
        if process.poll() is not None:
            deaths += 1
            assert deaths <= 3
            await line.forget_workers()
            # Those that were handed back wait a moment.
            await line.change("execute_after = now() - interval '1 s'", "status = 'queued'")

    await are_ready(*shared)
    await line.until_empty()
    assert deaths == 3
    await is_whole(bob, *shared)
    failure = (await ask(FAILURE, viewer=ann, id=killer.id))["node"]["failure"]
    assert failure == {"code": "PROCESSING_ERROR", "retryable": True}
    # Another worker may bear it.
    process.terminate()
    assert await ended(process) == 0
    assert (await ask(RETRY, viewer=ann, id=killer.id))["retryPhoto"]["errors"] == []
    work()
    await are_ready(killer)
    await is_whole(ann, killer)


@pytest.mark.parametrize("rounds", [1, pytest.param(20, marks=pytest.mark.torture)])
async def test_a_worker_that_froze_and_goes_on_later_changes_nothing(
    database, line, objects, ann, publish, work, are_ready, is_whole, tmp_path, rounds
):
    late, present = work(SABOTAGED), work()
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
        await until(lambda turn=turn: _said(late, '"nothing"', turn + 1))

        after = await whole_row(database, photo), await _written(database, objects, photo)
        assert after == before
    await is_whole(ann, *shared)


async def _written(database, objects, photo):
    """When each object of the photo was written."""
    folder = (await variant_rows(database, photo))[0].key.rpartition("/")[0] + "/"
    return [entry async for entries in objects.entries(folder) for entry in entries]


async def _said(process, what, times):
    return process.log.read_text().count(what) >= times
