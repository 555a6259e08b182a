"""The walls around a child: what is not needed to decode a picture can no longer be done.

Linux has all of them. Elsewhere the limits that the system knows hold, and the parent's clock.
"""

import contextlib
import ctypes
import os
import resource
import signal
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from workers.images import syscalls
from workers.images.results import Limits

_PR_SET_PDEATHSIG = 1
_PR_SET_NO_NEW_PRIVS = 38
_NOBODY = 65534
# The lowest niceness there is.
LAST: Final = 19
_SESSION: Final = Path("/proc/self/autogroup")
_TRIES: Final = 20
_PAUSE_S: Final = 0.15


@dataclass(frozen=True, slots=True)
class Gauge:
    """Memory of this process in bytes, readable after no file can be opened any more."""

    descriptor: int

    def mapped_and_resident(self) -> tuple[int, int]:
        mapped, resident = os.pread(self.descriptor, 200, 0).split()[:2]
        page = resource.getpagesize()
        return int(mapped) * page, int(resident) * page

    def resident(self) -> int:
        return self.mapped_and_resident()[1]


def confine(limits: Limits, parent: int, *, needs_threads: bool) -> Gauge | None:
    """Take from this process all it can do but compute; None where memory cannot be gauged.

    Root becomes nobody first, since root is not bound by the limit on processes. Where that
    is not possible (a user namespace with one user), the other walls stand. The system counts
    threads as processes, so for a decoder that needs threads only the filter of calls tells
    them apart.
    """
    gauge = Gauge(os.open("/proc/self/statm", os.O_RDONLY)) if sys.platform == "linux" else None
    _give_way()
    if os.geteuid() == 0:
        _become_nobody()
    if sys.platform == "linux":
        _die_with(parent)
    _limit("RLIMIT_CORE", 0)
    _limit("RLIMIT_FSIZE", 0)
    if not needs_threads:
        _limit("RLIMIT_NPROC", 0)
    _limit("RLIMIT_NOFILE", 3 if gauge is None else gauge.descriptor + 1)
    if gauge is not None:
        # Libraries are mapped far beyond what they touch, so what may still be mapped is
        # counted: all of it, of whatever kind, together with what is in memory already.
        mapped, resident = gauge.mapped_and_resident()
        _limit("RLIMIT_AS", mapped + max(limits.memory_bytes - resident, 0))
        syscalls.confine(needs_threads=needs_threads)
    return gauge


def allow_cpu(seconds: int) -> None:
    """From now on this process may compute that long, to the next whole second, and then dies."""
    spent = resource.getrusage(resource.RUSAGE_SELF)
    until = int(spent.ru_utime + spent.ru_stime) + 1 + seconds
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    soft = until if hard == resource.RLIM_INFINITY else min(until, hard)
    resource.setrlimit(resource.RLIMIT_CPU, (soft, hard))


def _give_way() -> None:
    """Let everything else on the machine go first.

    Somebody waits for an answer of the API; nobody waits for this. Where each session is
    scheduled as one (sched(7), autogroup), the niceness of a process counts within its session
    alone, and this one has a session of its own.
    """
    os.nice(LAST)
    for _ in range(_TRIES):
        try:
            _SESSION.write_text(str(LAST))
        except BlockingIOError:
            # One at a time may say so, and another child has just done it.
            time.sleep(_PAUSE_S)
        except OSError:
            return
        else:
            return


def _become_nobody() -> None:
    with contextlib.suppress(OSError):
        os.setgroups([])
        os.setgid(_NOBODY)
        os.setuid(_NOBODY)


def _die_with(parent: int) -> None:
    prctl = ctypes.CDLL(None).prctl
    prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    # A change of user clears this one, so it comes after.
    prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:
        sys.exit("the parent is gone")


def _limit(name: str, most: int) -> None:
    # macOS knows fewer of them and refuses some.
    with contextlib.suppress(AttributeError, ValueError, OSError):
        resource.setrlimit(getattr(resource, name), (most, most))
