import os
import signal
import sys
from pathlib import Path
from threading import Timer

import pytest

from server.embedded import supervisor as module
from server.embedded.processes import CannotStart, Process, Program
from server.embedded.supervisor import Part, Supervisor

SLEEPER = "import time; time.sleep(60)"


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def supervisor(tmp_path: Path, said: list[str], monkeypatch: pytest.MonkeyPatch) -> Supervisor:
    monkeypatch.setattr(module, "FIRST_DELAY_S", 0.01)
    monkeypatch.setattr(module, "MAX_DELAY_S", 0.02)
    monkeypatch.setattr(module, "POLL_S", 0.01)
    return Supervisor(tmp_path / "notes", said.append)


def test_what_ends_is_started_again(supervisor: Supervisor, said: list[str]):
    part = Part("The part", 0, lambda: Process(_program(SLEEPER)))
    supervisor.start(part)
    first = part.process.pid
    os.kill(first, signal.SIGKILL)

    _watch_until(supervisor, lambda: "The part runs again" in said)

    assert said == [
        "The part ended unexpectedly (-9); starting it again in 0.01 s",
        "The part runs again",
    ]
    assert part.process.pid != first
    supervisor.stop()
    assert part.process.exit_code == -signal.SIGTERM


def test_what_keeps_failing_is_given_up(supervisor: Supervisor, said: list[str]):
    supervisor.start(Part("The part", 0, lambda: Process(_program("raise SystemExit(3)"))))

    with pytest.raises(CannotStart) as given_up:
        supervisor.watch()

    assert str(given_up.value) == "The part ended unexpectedly (3); it failed 7 times in a row"
    assert len([line for line in said if "starting it again" in line]) == 6


def test_later_stages_stop_first(supervisor: Supervisor, tmp_path: Path):
    for name, stage in [("database", 0), ("store", 1), ("worker", 2), ("api", 2)]:
        supervisor.start(Part(name, stage, lambda name=name: _noting(name, tmp_path)))

    supervisor.stop()

    order = (tmp_path / "order").read_text().split()
    assert order[2:] == ["store", "database"]
    assert set(order[:2]) == {"api", "worker"}
    assert list((tmp_path / "notes").iterdir()) == []


def test_a_program_that_fails_is_told(supervisor: Supervisor):
    with pytest.raises(CannotStart) as told:
        supervisor.run(_program("raise SystemExit(4)"), 20)

    assert str(told.value) == "child ended with code 4"


def test_a_program_that_takes_too_long_is_stopped(supervisor: Supervisor):
    with pytest.raises(CannotStart) as told:
        supervisor.run(_program(SLEEPER), 0)

    assert str(told.value) == "child took longer than 0 s"


def _program(code: str, log: Path | None = None) -> Program:
    return Program("child", [sys.executable, "-c", code], os.environ, log=log)


def _noting(name: str, directory: Path) -> Process:
    """A process that writes its name into a common file when it is stopped."""
    log, ready = directory / "order", directory / f"{name}-ready"
    code = f"""
import os, pathlib, signal, time
def leave(*_):
    os.write(1, b"{name}\\n")
    os._exit(0)
signal.signal(signal.SIGTERM, leave)
pathlib.Path({str(ready)!r}).touch()
time.sleep(60)
"""
    process = Process(_program(code, log))
    module.await_condition(ready.exists, 20)
    return process


def _watch_until(supervisor: Supervisor, condition) -> None:
    """Watch in this thread, which alone may start processes, and stop when *condition* holds."""

    def look() -> None:
        if condition():
            supervisor._is_stopping = True
        else:
            Timer(0.01, look).start()

    look()
    supervisor.watch()
