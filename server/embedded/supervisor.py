"""Keeps a handful of processes running until it is told to stop."""

import os
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from types import FrameType

from server.embedded import leftovers
from server.embedded.processes import CannotStart, Process, Program, await_condition

POLL_S = 0.1
FIRST_DELAY_S = 0.5
MAX_DELAY_S = 10.0
# A part that ran this long had not failed to start; its earlier failures are forgotten.
STEADY_S = 30.0
MAX_FAILURES = 6


@dataclass(slots=True)
class Part:
    """One process to keep running; parts of the same stage are stopped together."""

    name: str
    stage: int
    start: Callable[[], Process]
    process: Process | None = None
    started_at: float = 0.0
    start_again_at: float = 0.0
    failures: int = 0


class Supervisor:
    """Starts parts in the order they are added, restarts them, stops them in the reverse order."""

    def __init__(self, notes: Path, say: Callable[[str], None]) -> None:
        self._is_stopping = False
        self._notes = notes
        self._say = say
        self._parts: list[Part] = []

    def is_stopping(self) -> bool:
        """Whether someone asked us to stop."""
        return self._is_stopping

    def listen(self) -> None:
        """From here on Ctrl-C, SIGTERM and SIGHUP stop everything; the second time at once."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._on_signal)

    def start(self, part: Part) -> None:
        """Start a part and keep it. Raises CannotStart. Does nothing when we are stopping."""
        if self.is_stopping():
            return
        part.process = part.start()
        part.started_at = time.monotonic()
        leftovers.note_down(self._notes, part.process.pid)
        if part not in self._parts:
            self._parts.append(part)

    def run(self, program: Program, timeout_s: float) -> None:
        """Run a program to its end. Raises CannotStart unless it succeeds in time."""
        if self.is_stopping():
            return
        process = Process(program)
        await_condition(lambda: self.is_stopping() or process.exit_code is not None, timeout_s)
        code = process.exit_code
        process.stop()
        if code != 0 and not self.is_stopping():
            how = (
                f"took longer than {timeout_s:.0f} s" if code is None else f"ended with code {code}"
            )
            raise CannotStart(f"{program.name} {how}")

    def watch(self) -> None:
        """Restart what ends, until told to stop. Raises CannotStart when a part keeps failing."""
        while not self.is_stopping():
            for part in self._parts:
                self._tend(part)
            time.sleep(POLL_S)

    def stop(self) -> None:
        """Return when every part has ended."""
        for _, stage in groupby(reversed(self._parts), key=lambda part: part.stage):
            processes = [part.process for part in stage if part.process is not None]
            for process in processes:
                process.ask_to_stop()
            for process in processes:
                process.stop()
                leftovers.forget(self._notes, process.pid)

    def _tend(self, part: Part) -> None:
        process = part.process
        if process is None:
            if time.monotonic() >= part.start_again_at:
                self._start_again(part)
        elif process.exit_code is not None:
            leftovers.forget(self._notes, process.pid)
            part.process = None
            if time.monotonic() - part.started_at > STEADY_S:
                part.failures = 0
            self._count_failure(part, f"{part.name} ended unexpectedly ({process.exit_code})")

    def _start_again(self, part: Part) -> None:
        try:
            self.start(part)
        except CannotStart as error:
            self._count_failure(part, str(error))
        else:
            self._say(f"{part.name} runs again")

    def _count_failure(self, part: Part, what: str) -> None:
        part.failures += 1
        if part.failures > MAX_FAILURES:
            raise CannotStart(f"{what}; it failed {part.failures} times in a row")
        delay_s = min(FIRST_DELAY_S * 2 ** (part.failures - 1), MAX_DELAY_S)
        part.start_again_at = time.monotonic() + delay_s
        self._say(f"{what}; starting it again in {delay_s:g} s")

    def _on_signal(self, _number: int, _frame: FrameType | None) -> None:
        if not self._is_stopping:
            self._is_stopping = True
            return
        for part in reversed(self._parts):
            if part.process is not None:
                part.process.kill()
        os._exit(130)
