"""Workers whose clocks are wrong by an hour: the database's clock alone counts."""

import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
from sqlalchemy import text

from tests.queue.conftest import KIND, PATIENCE_S
from tests.running import clean_environment

pytestmark = pytest.mark.torture

SOURCE = Path(__file__).with_name("shifted_clock.c")
HOUR_S = 3600
# More than one worker runs at once, and room for one more.
JOBS = 7
# Longer than it takes until the jobs of a silent worker are given to another.
EACH_S = 25
WORKER = """
import asyncio, sys, time
from workers.outcomes import Outcome
from workers.queue import Kind, Queue

async def run(payload):
    print(payload.decode(), int(time.time()), flush=True)
    if payload != b"again":
        await asyncio.sleep(float(sys.argv[2]))
        return Outcome.DONE
    run.tries = getattr(run, "tries", 0) + 1
    return Outcome.DONE if run.tries > 2 else Outcome.AGAIN

asyncio.run(Queue(sys.argv[1], {sys.argv[3]: Kind(run)}, concurrency=4).run())
"""


@pytest.fixture
def shifted(tmp_path, url):
    """Starts a worker whose clock is wrong by so much; its output has what it begins, and when."""
    compiler = shutil.which("cc")
    if sys.platform != "linux" or compiler is None:
        pytest.skip("needs Linux and a C compiler, for the wrong clock")
    library = tmp_path / "shifted.so"
    subprocess.run([compiler, "-shared", "-fPIC", "-o", library, SOURCE], check=True)
    processes = []

    def shifted(shift_s):
        log = tmp_path / f"{shift_s}.log"
        with log.open("w") as output:
            process = subprocess.Popen(
                [sys.executable, "-c", WORKER, url, str(EACH_S), KIND],
                env=clean_environment() | {"LD_PRELOAD": str(library), "SHIFT_S": str(shift_s)},
                stdin=subprocess.DEVNULL,
                stdout=output,
            )
        processes.append(process)
        return log

    yield shifted
    for process in processes:
        process.kill()
        process.wait(PATIENCE_S)


def begun(*logs):
    """What was begun, and by which clock."""
    return [
        (words[0], int(words[1]))
        for log in logs
        for words in map(str.split, log.read_text().splitlines())
        if len(words) == 2
    ]


async def test_a_wrong_clock_steals_nothing_and_begins_nothing_early(database, line, shifted):
    names = [f"job{number}" for number in range(JOBS)]
    await line.add(b"later", b"again", *map(str.encode, names))
    async with database.begin() as tx:
        await tx.execute(
            text(
                "update pgqueuer set execute_after = now() + interval '30 min' where payload = :it"
            ),
            {"it": b"later"},
        )

    logs = [shifted(HOUR_S), shifted(-HOUR_S)]
    await line.until(lambda rows: len(rows) == 1)

    assert await line.rows() == [(b"later", "queued")]
    found = begun(*logs)
    assert sorted(name for name, _ in found if name != "again") == names
    # Both clocks were wrong indeed, and both workers at work.
    off = {round((at - time.time()) / HOUR_S) for _, at in found}
    assert off == {-1, 1}
    # Tried again after 1 and 2 s of the database's clock, by whoever has it.
    assert 3 <= len([name for name, _ in found if name == "again"]) <= 5
