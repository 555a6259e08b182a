"""Child processes that are stopped in order and do not outlive us.

On Linux the kernel ends them when we die; elsewhere the next start ends what was left,
by the notes that `leftovers` keeps.
"""

import ctypes
import http.client
import os
import pwd
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

PR_SET_PDEATHSIG = 1
MAX_LOG_BYTES = 10 * 1024**2
POLL_S = 0.02
KILL_TIMEOUT_S = 3.0


class CannotStart(Exception):
    """Something needed is missing or taken; the text is one line for whoever started us."""


@dataclass(frozen=True, slots=True)
class Program:
    """What to run, and how it is ended."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str]
    log: Path | None = None
    """Where its output is appended; None shares our own output."""
    account: pwd.struct_passwd | None = None
    """The user it runs as, if not ours."""
    directory: Path | None = None
    stop_signal: signal.Signals = signal.SIGTERM
    kill_signal: signal.Signals = signal.SIGKILL
    orphan_signal: signal.Signals = signal.SIGKILL
    """What the kernel sends it when we die."""
    grace_s: float = 10.0


@dataclass(slots=True)
class Process:
    """A started program, in a session of its own so that the terminal's Ctrl-C reaches only us."""

    program: Program
    _popen: subprocess.Popen[bytes] = field(init=False)
    _is_asked: bool = field(init=False, default=False)

    def __post_init__(self) -> None:
        program, account = self.program, self.program.account
        output = None if program.log is None else _opened(program.log)
        try:
            self._popen = subprocess.Popen(  # noqa: S603 - The command is ours.
                program.command,
                env=dict(program.environment),
                cwd=program.directory,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
                user=account and account.pw_uid,
                group=account and account.pw_gid,
                extra_groups=account and [],
                # The kernel forgets the tie when the user changes; Popen runs this after that.
                preexec_fn=partial(tie_to_parent, program.orphan_signal, os.getpid()),  # noqa: PLW1509
            )
        finally:
            if output is not None:
                os.close(output)

    @property
    def pid(self) -> int:
        return self._popen.pid

    @property
    def exit_code(self) -> int | None:
        """None while it runs."""
        if self._popen.returncode is None and self._popen.poll() is not None:
            # What it started ends with it. Only now: later its number may belong to someone else.
            self._signal_group(signal.SIGKILL)
        return self._popen.returncode

    def ask_to_stop(self) -> None:
        """Send the stop signal, once, and return; a second one would mean to hurry."""
        if not self._is_asked:
            self._is_asked = True
            self._popen.send_signal(self.program.stop_signal)

    def stop(self) -> None:
        """Return when it has ended: by itself within its grace, or killed."""
        self.ask_to_stop()
        if not await_condition(lambda: self.exit_code is not None, self.program.grace_s):
            self.kill()

    def kill(self) -> None:
        """Return when it has ended, at once and without its consent."""
        for number in (self.program.kill_signal, signal.SIGKILL):
            if self.exit_code is None:
                self._signal_group(number)
                await_condition(lambda: self.exit_code is not None, KILL_TIMEOUT_S)

    def _signal_group(self, number: signal.Signals) -> None:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, number)


def await_ready(process: Process, is_ready: Callable[[], bool], timeout_s: float) -> None:
    """Return once *is_ready*; raises CannotStart when the process ends or takes too long."""
    name, log = process.program.name, process.program.log
    hint = f"; see {log}" if log else ""
    if not await_condition(lambda: process.exit_code is not None or is_ready(), timeout_s):
        process.stop()
        raise CannotStart(f"{name} was not ready after {timeout_s:.0f} s{hint}")
    if process.exit_code is not None:
        raise CannotStart(f"{name} ended with code {process.exit_code} while starting{hint}")


def await_condition(condition: Callable[[], bool], timeout_s: float) -> bool:
    """Whether *condition* came true in time."""
    deadline = time.monotonic() + timeout_s
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(POLL_S)
    return True


def _opened(log: Path) -> int:
    if log.exists() and log.stat().st_size > MAX_LOG_BYTES:
        log.replace(log.with_suffix(".old.log"))
    return os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)


def answers_http(url: str) -> bool:
    """Whether anything, even a refusal, is answered at *url*."""
    address = urlsplit(url)
    assert address.hostname is not None
    connection = http.client.HTTPConnection(address.hostname, address.port, timeout=1)
    with closing(connection):
        try:
            connection.request("GET", address.path or "/")
            connection.getresponse()
        except (OSError, http.client.HTTPException):
            return False
        return True


def tie_to_parent(orphan_signal: signal.Signals, parent: int) -> None:
    """Receive *orphan_signal* when *parent*, which started us, is gone; only Linux can do that."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, orphan_signal)
    if os.getppid() != parent:
        os._exit(1)
