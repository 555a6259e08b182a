"""Workers as processes of their own, and what is to be true of photos when they are through."""

import asyncio
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import func, select, text

from server.embedded.processes import await_condition
from storage.tables import photos as photo_table
from tests.running import clean_environment
from tests.storing import counts, scalar, variant_rows, whole_row

PATIENCE_S = 60
SABOTAGED = Path(__file__).with_name("sabotaged_worker.py")
NURSERY = Path(__file__).with_name("nursery.py")


@pytest.fixture(scope="module")
def start(place, tmp_path_factory):
    """Starts workers as processes of their own; what is left of them is killed in the end."""
    processes, folder = [], tmp_path_factory.mktemp("workers")

    def start(*command, concurrency=1, stdin=subprocess.DEVNULL, **environment):
        given = place | {"data_dir": folder, "log_format": "json"}
        given |= {"worker_concurrency": concurrency}
        named = {f"PICSHARE_{name.upper()}": str(value) for name, value in given.items()}
        log = folder / f"{len(processes)}.log"
        with log.open("w") as output:
            process = subprocess.Popen(
                [sys.executable, "-P", *(command or ("-m", "server.cli", "work"))],
                env=clean_environment() | named | environment,
                stdin=stdin,
                stdout=output,
                stderr=output,
                text=True,
            )
        process.log = log
        processes.append(process)
        return process

    yield start
    for process in processes:
        process.kill()
        process.wait(PATIENCE_S)
        if process.stdin:
            process.stdin.close()


@pytest.fixture
def work(start):
    """Starts sabotaged workers, which end with the test."""
    processes = []

    def work(**about):
        processes.append(start(SABOTAGED, **about))
        return processes[-1]

    yield work
    for process in processes:
        process.kill()
        process.wait(PATIENCE_S)


@pytest.fixture(scope="module")
def resumed(start):
    """A healthy worker that is frozen between the tests: starting one takes long."""
    process = start(concurrency=2)
    assert await_condition(lambda: "working" in process.log.read_text(), PATIENCE_S)
    return process


@pytest.fixture
def present(resumed):
    """A healthy worker, frozen until it is told to go on."""
    resumed.send_signal(signal.SIGSTOP)
    yield resumed
    resumed.send_signal(signal.SIGSTOP)


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
def are_ready(database):
    """Returns once all of the photos are READY."""

    async def are_ready(*shared):
        mine = photo_table.c.id.in_([photo.key for photo in shared])
        left = select(func.count()).where(mine, photo_table.c.status != "READY")

        async def ready():
            return await scalar(database, left) == 0

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


async def said(process, what, times):
    return process.log.read_text().count(what) >= times
