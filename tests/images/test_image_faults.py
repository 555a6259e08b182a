"""A child gone wrong hurts nothing but its own job."""

import asyncio
import contextlib
import os
import signal
import sys
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
import pytest_asyncio

from workers.images import Crashed, Limits, Studio
from workers.images.containment import LAST
from workers.images.ladder import render
from workers.images.studio import _Child

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the walls are those of Linux")

SABOTAGED = (sys.executable, "-I", str(Path(__file__).with_name("sabotaged_child.py")))
# Children are the last to get the processor, and others may want it.
LIMITS = Limits(cpu_s=2, wall_s=120)
DEADLINE_S = 60


def own_children() -> set[int]:
    """The processes that this one started and has not reaped."""
    tasks = Path("/proc/self/task").iterdir()
    return {int(pid) for task in tasks for pid in (task / "children").read_text().split()}


def is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def session_of(pid: int) -> int | None:
    """The niceness of that process's session; None where sessions have none."""
    try:
        return int(Path(f"/proc/{pid}/autogroup").read_text().split()[-1])
    except FileNotFoundError:
        return None


async def until(claim: Callable[[], bool]) -> None:
    async with asyncio.timeout(DEADLINE_S):
        while not claim():  # noqa: ASYNC110 - Other processes set no event.
            await asyncio.sleep(0.02)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def sabotaged() -> AsyncIterator[Studio]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PICSHARE_SECRET_KEY", "canary")
        async with Studio(LIMITS, children=2, command=SABOTAGED) as opened:
            yield opened


@pytest.mark.parametrize(
    ("order", "reason"),
    [
        (b"segfault", "killed by SIGSEGV"),
        (b"spin", "killed by SIGXCPU"),
        (b"allocate", "ran out of memory"),
        (b"share", "Cannot allocate memory"),
        (b"fork", "Operation not permitted"),
        (b"start_a_program", "Operation not permitted"),
        (b"connect", "Operation not permitted"),
        (b"write %s", "Operation not permitted"),
        (b"remove %s", "Operation not permitted"),
        (b"kill_the_parent", "Operation not permitted"),
        (b"limit_the_parent", "Operation not permitted"),
        (b"run_another", "Operation not permitted"),
        (b"trace", "Operation not permitted"),
        (b"tell_secrets", "MALLOC_ARENA_MAX"),
        (b"babble", "answered nonsense: its header is too long"),
        (b"promise", "answered nonsense: a number is out of range"),
        (b"leave", "ended with status 3"),
    ],
)
async def test_a_fault_costs_its_own_job_only(sabotaged, tmp_path, photo, order, reason):
    target = tmp_path / "written"
    order = order.replace(b"%s", bytes(target))

    crash, *others = await asyncio.gather(
        sabotaged.render(order),
        *[sabotaged.render(photo) for _ in range(3)],
        return_exceptions=True,
    )

    assert isinstance(crash, Crashed)
    assert reason in str(crash)
    assert "PICSHARE" not in str(crash)
    assert others == [render(photo, LIMITS)] * 3
    assert await sabotaged.render(photo) == others[0]
    assert not target.exists()


async def test_leaving_ends_what_faults_left_behind(photo):
    before = own_children()
    async with Studio(LIMITS, children=2, command=SABOTAGED) as studio:
        started = own_children() - before
        for order in (b"segfault", b"fork", b"leave"):
            with pytest.raises(Crashed):
                await studio.render(order)
            started |= own_children() - before

    assert len(started) >= 2
    assert not any(map(is_running, started))
    assert own_children() == before


async def test_a_hanging_child_is_ended_by_the_clock(photo):
    async with Studio(Limits(wall_s=5), children=1, command=SABOTAGED) as studio:
        with pytest.raises(Crashed, match="took longer than 5 s"):
            await studio.render(b"hang")

        assert await studio.render(photo) == render(photo, Limits())


async def test_to_wait_for_a_processor_takes_none_of_a_child_s_time(monkeypatch):
    # As if others had had the processor all the time.
    monkeypatch.setattr(_Child, "_waited_s", lambda _: time.monotonic())

    async with Studio(Limits(cpu_s=2, wall_s=1), children=1, command=SABOTAGED) as studio:
        with pytest.raises(Crashed, match="killed by SIGXCPU"):
            await studio.render(b"spin")


async def test_how_long_a_child_waited_is_what_linux_says(photo):
    async with Studio(children=1) as studio:
        [child] = studio._all
        before = child._waited_s()
        await studio.render(photo)

        assert child._waited_s() >= before > 0


async def test_a_child_is_the_last_to_get_the_processor():
    before = own_children()
    async with Studio(children=2):
        for child in own_children() - before:
            assert os.getpriority(os.PRIO_PROCESS, child) == LAST
            # Beside other sessions the niceness of a process alone would mean nothing.
            assert session_of(child) in {None, LAST}


async def test_cancelling_ends_the_child(photo):
    before = own_children()
    async with Studio(children=1, command=SABOTAGED) as studio:
        first = own_children() - before
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.1):
                await studio.render(b"hang")

        assert own_children() == before
        assert not any(map(is_running, first))
        assert await studio.render(photo) == render(photo, Limits())
    assert own_children() == before


async def test_leaving_ends_children_at_work():
    before = own_children()
    async with Studio(children=2, command=SABOTAGED) as studio:
        job = asyncio.create_task(studio.render(b"hang"))
        # One turn of the loop lets the job take its child.
        await asyncio.sleep(0)

    with pytest.raises(Crashed, match="killed by SIGKILL"):
        await job
    assert own_children() == before
    with pytest.raises(RuntimeError, match="closed"):
        await studio.render(b"")


async def test_a_child_that_died_while_idle_costs_nobody_a_job(photo):
    before = own_children()
    async with Studio(children=1) as studio:
        (idle,) = own_children() - before
        os.kill(idle, signal.SIGKILL)
        await until(lambda: own_children() == before)

        assert await studio.render(photo) == render(photo, Limits())


async def test_a_child_that_does_not_start_says_so():
    with pytest.raises(ExceptionGroup) as raised:
        async with Studio(children=1, command=(sys.executable, "-c", "pass")):
            pass

    assert raised.group_contains(RuntimeError, match="did not start")


ORPHANS = """
import asyncio, os, pathlib, signal
from workers.images import Studio

async def main():
    async with Studio(children=2):
        print(pathlib.Path(f"/proc/self/task/{os.getpid()}/children").read_text(), flush=True)
        os.kill(os.getpid(), signal.SIGKILL)

asyncio.run(main())
"""


async def test_a_killed_parent_leaves_no_orphans():
    parent = await asyncio.create_subprocess_exec(
        sys.executable, "-c", ORPHANS, stdout=asyncio.subprocess.PIPE
    )
    said, _ = await parent.communicate()
    children = {int(pid) for pid in said.split()}

    assert parent.returncode == -signal.SIGKILL
    assert len(children) == 2
    await until(lambda: not any(map(is_running, children)))


async def test_a_child_is_replaced_before_it_grows_old(photo):
    before = own_children()
    small = photo[:2] + b"not a picture"
    async with Studio(children=1) as studio:
        first = own_children() - before
        for _ in range(100):
            with contextlib.suppress(Exception):
                await studio.render(small)
        await studio.render(photo)
        second = own_children() - before

    assert len(first) == len(second) == 1
    assert first != second
