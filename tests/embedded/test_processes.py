import os
import signal
import sys
from pathlib import Path

import psutil
import pytest

from server.embedded import leftovers, processes
from server.embedded.processes import (
    CannotStart,
    Process,
    Program,
    await_condition,
    await_ready,
    tie_to_parent,
)

SLEEPER = "import time; time.sleep(60)"
DEAF = f"import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); print(flush=True); {SLEEPER}"
FORKING = f"""
import subprocess, sys
child = subprocess.Popen([sys.executable, "-c", {SLEEPER!r}])
print(child.pid, flush=True)
child.wait()
"""
PARENT = f"""
import sys
from pathlib import Path
from server.embedded.processes import Process, Program
child = Process(Program("child", [sys.executable, "-c", {SLEEPER!r}], {{}}))
Path(sys.argv[1]).write_text(str(child.pid))
child._popen.wait()
"""


def test_it_stops_when_asked(tmp_path: Path):
    process = Process(_python(SLEEPER, tmp_path))

    process.stop()

    assert process.exit_code == -signal.SIGTERM


def test_it_is_killed_when_it_does_not_listen(tmp_path: Path):
    process = Process(_python(DEAF, tmp_path, grace_s=0.1))
    _await_output(tmp_path)

    process.stop()

    assert process.exit_code == -signal.SIGKILL


def test_its_own_children_end_with_it(tmp_path: Path):
    process = Process(_python(FORKING, tmp_path))
    grandchild = int(_await_output(tmp_path))

    process.stop()

    assert await_condition(lambda: _is_gone(grandchild), 10)


@pytest.mark.skipif(sys.platform != "linux", reason="only the kernel of Linux ends orphans")
def test_kill_9_of_the_parent_leaves_no_orphan(tmp_path: Path):
    note = tmp_path / "child"
    parent = Process(_python(PARENT, tmp_path, str(note)))
    assert await_condition(lambda: note.exists() and note.read_text() != "", 20)
    child = int(note.read_text())

    os.kill(parent.pid, signal.SIGKILL)

    assert await_condition(lambda: parent.exit_code is not None and _is_gone(child), 10)


def test_one_that_ends_while_starting_is_told(tmp_path: Path):
    process = Process(_python("raise SystemExit(3)", tmp_path))

    with pytest.raises(CannotStart) as told:
        await_ready(process, lambda: False, 20)

    assert str(told.value) == f"child ended with code 3 while starting; see {tmp_path / 'log'}"


def test_one_that_is_never_ready_is_stopped(tmp_path: Path):
    process = Process(_python(SLEEPER, tmp_path))

    with pytest.raises(CannotStart) as told:
        await_ready(process, lambda: False, 0)

    assert str(told.value) == f"child was not ready after 0 s; see {tmp_path / 'log'}"
    assert process.exit_code is not None


def test_a_large_log_is_put_aside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(processes, "MAX_LOG_BYTES", 10)
    log = tmp_path / "log"
    log.write_text("of an earlier run")

    Process(_python("", tmp_path)).stop()

    assert log.with_suffix(".old.log").read_text() == "of an earlier run"
    assert log.read_text() == ""


def test_a_child_whose_parent_is_gone_ends_at_once(monkeypatch: pytest.MonkeyPatch):
    ended = []
    monkeypatch.setattr(os, "_exit", ended.append)
    monkeypatch.setattr(sys, "platform", "other")

    tie_to_parent(signal.SIGKILL, os.getppid())
    tie_to_parent(signal.SIGKILL, os.getpid())

    assert ended == [1]


def test_the_next_start_ends_what_was_noted_down(tmp_path: Path):
    process = Process(_python(SLEEPER, tmp_path))
    leftovers.note_down(tmp_path / "notes", process.pid)

    leftovers.end_all(tmp_path / "notes")

    assert _is_gone(process.pid)
    assert list((tmp_path / "notes").iterdir()) == []
    assert process.exit_code is not None


def test_a_stranger_with_a_noted_number_is_left_alone(tmp_path: Path):
    process = Process(_python(SLEEPER, tmp_path))
    notes = tmp_path / "notes"
    leftovers.note_down(notes, process.pid)
    (notes / str(process.pid)).write_text("1000000000.0")

    leftovers.end_all(notes)

    assert process.exit_code is None
    assert list(notes.iterdir()) == []
    process.kill()


def _python(code: str, directory: Path, *arguments: str, grace_s: float = 10) -> Program:
    command = [sys.executable, "-c", code, *arguments]
    return Program("child", command, os.environ, log=directory / "log", grace_s=grace_s)


def _await_output(directory: Path) -> str:
    assert await_condition(lambda: (directory / "log").read_text().endswith("\n"), 20)
    return (directory / "log").read_text().strip()


def _is_gone(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True
