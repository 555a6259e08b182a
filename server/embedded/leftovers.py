"""Processes of an earlier run that did not end with it.

Linux ends them with their parent, so there they are at most about to go. Elsewhere the next
start ends them, known by number and time of birth, because a number alone may be reused.
"""

from contextlib import suppress
from pathlib import Path

import psutil  # type: ignore[import-untyped]  # The package ships no types.

WAIT_S = 5.0
SAME_BIRTH_S = 1.0


def inhabitants_of(directory: Path) -> list[psutil.Process]:
    """The PostgreSQL processes that work in *directory*."""
    return [
        process
        for process in psutil.process_iter(["name", "cwd"])
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
