"""Processes of an earlier run that did not end with it.

Linux ends them with their parent, so there they are at most about to go. Elsewhere the next
start ends them, known by number and time of birth, because a number alone may be reused.
"""

import signal
from contextlib import suppress
from pathlib import Path

import psutil  # type: ignore[import-untyped]  # The package ships no types.

from server.embedded.processes import await_condition

WAIT_S = 5.0
SHUTDOWN_S = 20.0
SAME_BIRTH_S = 1.0


def end_postgres(directory: Path) -> bool:
    """Whether no PostgreSQL works in *directory* any more: shut down in order, or else by force."""
    for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL):
        found = _inhabitants(directory)
        pids = {process.pid for process in found}
        # An orderly end is asked of the first process alone; it ends the others.
        asked = [process for process in found if process.info["ppid"] not in pids]
        for process in asked if number == signal.SIGINT else found:
            with suppress(psutil.Error):
                process.send_signal(number)
        if await_condition(lambda: not _inhabitants(directory), SHUTDOWN_S):
            return True
    return False


def _inhabitants(directory: Path) -> list[psutil.Process]:
    return [
        process
        for process in psutil.process_iter(["name", "cwd", "ppid"])
        if process.info["name"] == "postgres" and process.info["cwd"] == str(directory)
    ]


def note_down(notes: Path, pid: int) -> None:
    """Remember that *pid* runs, for the case that we cannot end it."""
    notes.mkdir(mode=0o700, exist_ok=True)
    with suppress(psutil.Error):
        (notes / str(pid)).write_text(str(psutil.Process(pid).create_time()))


def forget(notes: Path, pid: int) -> None:
    (notes / str(pid)).unlink(missing_ok=True)


def end_all(notes: Path) -> None:
    """Return when no process noted down is left."""
    found = [(note, _process(note)) for note in notes.glob("*")]
    left = [process for _, process in found if process is not None]
    for action in ("terminate", "kill"):
        _, left = psutil.wait_procs(left, timeout=WAIT_S / 5)
        for process in left:
            with suppress(psutil.Error):
                getattr(process, action)()
    psutil.wait_procs(left, timeout=WAIT_S)
    for note, _ in found:
        note.unlink()


def _process(note: Path) -> psutil.Process | None:
    try:
        process = psutil.Process(int(note.name))
        is_same = abs(process.create_time() - float(note.read_text())) < SAME_BIRTH_S
    except (psutil.Error, ValueError):
        return None
    return process if is_same else None
