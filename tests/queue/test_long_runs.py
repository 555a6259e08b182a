"""One worker and very many photos: nobody waits for somebody else's thousands, memory stays."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from functools import partial

import psutil
import pytest
from sqlalchemy import func, select, text

from server.embedded.processes import await_condition
from storage.reached import Unavailable
from storage.tables import photos
from tests.making import make_person
from tests.queue.conftest import PATIENCE_S
from tests.queue.lines import many_photos
from tests.running import clean_environment
from tests.storing import scalar, whole_row

pytestmark = pytest.mark.torture

BACKLOG = 10_000
# So many of them lie in the store; more are not done meanwhile.
REAL = 500
ALONE = 30
RUNS = int(os.environ.get("PICSHARE_TEST_RUNS", "2000"))
# So many a second come in, so that a run may last for hours beside other work.
PACE = float(os.environ.get("PICSHARE_TEST_PACE", "20"))
AT_ONCE = 20
TELLINGS = 10
WARM = RUNS // 4
MOST_GROWTH_MB = 16
LONG_S = 600 + RUNS / PACE


@pytest.fixture
def worker(place, tmp_path):
    """Starts `picshare work`."""
    processes = []

    def worker():
        given = place | {"data_dir": tmp_path, "log_format": "json", "worker_concurrency": 2}
        named = {f"PICSHARE_{name.upper()}": str(value) for name, value in given.items()}
        log = tmp_path / "worker.log"
        with log.open("w") as output:
            process = subprocess.Popen(
                [sys.executable, "-P", "-m", "server.cli", "work"],
                env=clean_environment() | named,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
            )
        processes.append(process)
        assert await_condition(lambda: "working" in log.read_text(), PATIENCE_S)
        return process

    yield worker
    for process in processes:
        process.send_signal(signal.SIGTERM)
        process.wait(PATIENCE_S)


@pytest.fixture
def brought(database, publish):
    """Publishes photos of somebody, those that lie in the store and then many that do not."""

    async def brought(person, real, others=0):
        found = []
        for begin in range(0, real, AT_ONCE):
            some = range(begin, min(real, begin + AT_ONCE))
            found += await asyncio.gather(*(publish(person) for _ in some))
        async with database.begin() as tx:
            await tx.execute(_OTHERS, {"owner": person.key, "many": others})
        return found

    return brought


# They lie behind all of the others in turn; their files are lost.
_OTHERS = many_photos("(select min(priority) from pgqueuer) - row_number() over ()")


async def _ready(database, person):
    query = select(func.count()).where(photos.c.owner_id == person.key, photos.c.status == "READY")
    return await scalar(database, query)


async def test_a_single_photo_does_not_wait_for_ten_thousand(
    database, settings, ann, brought, worker
):
    await brought(ann, REAL, BACKLOG - REAL)
    worker()
    waited, before = [], []
    for number in range(ALONE):
        person = await make_person(database, settings, f"alone{number}")
        began, done = time.monotonic(), await _ready(database, ann)
        [photo] = await brought(person, 1)
        async with asyncio.timeout(PATIENCE_S):
            while (await whole_row(database, photo)).status != "READY":  # noqa: ASYNC110 - Rows tell nobody.
                await asyncio.sleep(0.02)
        waited.append(time.monotonic() - began)
        before.append(await _ready(database, ann) - done)

    left = await scalar(database, text("select count(*) from pgqueuer where status = 'queued'"))
    done = await _ready(database, ann)
    print(  # noqa: T201
        f"{ALONE} single photos beside {left} that wait, {done} of those done meanwhile: "
        f"median {sorted(waited)[ALONE // 2]:.2f} s, longest {max(waited):.2f} s, "
        f"at most {max(before)} of the others done meanwhile"
    )
    assert left > 0.8 * BACKLOG
    # Those that had begun, those of its turn, and one that came as it ended.
    assert max(before) <= 6
    # The machine may be busy with more than this.
    assert sorted(waited)[ALONE // 2] <= 5


async def test_memory_stays_where_it_is(database, ann, brought, worker):
    process = worker()
    measured, began, told = {}, time.monotonic(), 0
    async with asyncio.timeout(LONG_S):
        bringing = asyncio.create_task(_paced(brought, ann))
        while (done := await _again(lambda: _ready(database, ann))) < RUNS:
            measured[done] = _memory_mb(process.pid)
            if done >= RUNS * told / TELLINGS:
                # What is known by then stays known, however a run of hours ends.
                _tell(done, time.monotonic() - began, measured[done])
                told += 1
            await asyncio.sleep(0.5)
        await bringing
    measured[RUNS] = _memory_mb(process.pid)

    warm = {count: found for count, found in measured.items() if count >= WARM}
    grown = _slope([(count, parent) for count, (parent, _) in warm.items()])
    whole = _slope([(count, parent + children) for count, (parent, children) in warm.items()])
    _tell(RUNS, time.monotonic() - began, measured[RUNS])
    print(  # noqa: T201
        f"per 1,000 jobs after {WARM}: {grown * 1000:+.1f} MB, with children {whole * 1000:+.1f} MB"
    )
    assert (
        max(parent for parent, _ in warm.values()) - min(parent for parent, _ in warm.values())
        <= MOST_GROWTH_MB
    )


def _tell(done, seconds, memory):
    parent, children = memory
    print(  # noqa: T201
        f"{done} photos in {seconds:.0f} s, the worker {parent:.1f} MB "
        f"and its children {children:.0f} MB",
        flush=True,
    )


async def _paced(brought, person):
    for begin in range(0, RUNS, AT_ONCE):
        due = asyncio.create_task(asyncio.sleep(AT_ONCE / PACE))
        some = min(AT_ONCE, RUNS - begin)
        await _again(partial(brought, person, some))
        await due


async def _again(work):
    """In hours the machine may have a moment in which it is too busy for that."""
    try:
        return await work()
    except Unavailable:
        return await work()


def _memory_mb(pid):
    """The resident memory of the worker, and of the children that decode."""
    parent = psutil.Process(pid)
    children = 0.0
    for child in parent.children(recursive=True):
        try:
            children += child.memory_info().rss
        except psutil.NoSuchProcess:
            continue
    return parent.memory_info().rss / 2**20, children / 2**20


def _slope(points):
    """By how much the second grows with the first, by least squares."""
    mean_x = sum(x for x, _ in points) / len(points)
    mean_y = sum(y for _, y in points) / len(points)
    over = sum((x - mean_x) * (y - mean_y) for x, y in points)
    return over / sum((x - mean_x) ** 2 for x, _ in points)
