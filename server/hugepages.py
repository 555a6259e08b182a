"""Memory that lasts, gathered in huge pages.

A request touches code and objects all over a hundred megabytes, and between two steps of it
other processes have the processor. Each step then begins with misses of the address cache (TLB),
and a virtual machine pays twice for each. Pages of 2 MiB are few: docs/decisions/overhead.md
has what that saves. Linux makes them of memory that is in use already: MADV_COLLAPSE of
https://man7.org/linux/man-pages/man2/madvise.2.html, since 6.1; elsewhere nothing happens.
"""

import ctypes
import mmap
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Final

HUGE: Final = 2 * 1024 * 1024
# Linux' number, which Python 3.11 has no name for.
COLLAPSE: Final = 25
# What is mostly empty, such as the stack of a thread, stays as small as it is.
LEAST_FILLED: Final = 0.75
# A process grows for a while when it begins to be asked.
PAUSES_S: Final = (5.0, 30.0, 300.0)


class HugePages:
    """Gathers the memory of this process, again as it grows. A thread does it, in small steps."""

    def __init__(self) -> None:
        self._ended = threading.Event()

    def watch(self) -> None:
        """Gather until `close`."""
        threading.Thread(target=self._gather, name="huge pages", daemon=True).start()

    def close(self) -> None:
        """Gather no more."""
        self._ended.set()

    def _gather(self) -> None:
        gather()
        for pause_s in PAUSES_S:
            if self._ended.wait(pause_s):
                return
            gather()


def gather() -> int:
    """Have what fills a huge page lie in one. Returns how many bytes do."""
    if sys.platform != "linux":
        return 0
    system = ctypes.CDLL(None)
    system.madvise.argtypes = (ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int)
    system.mincore.argtypes = (ctypes.c_void_p, ctypes.c_size_t, ctypes.c_void_p)
    resident = ctypes.create_string_buffer(HUGE // mmap.PAGESIZE)
    gathered = 0
    for place in _places(Path("/proc/self/maps").read_text()):
        if system.mincore(place, HUGE, resident):
            continue
        filled = sum(byte & 1 for byte in resident.raw) / len(resident)
        if filled >= LEAST_FILLED and not system.madvise(place, HUGE, COLLAPSE):
            gathered += HUGE
    return gathered


def _places(maps: str) -> Iterator[int]:
    """Where huge pages could begin among what a process writes to and no file holds."""
    for line in maps.splitlines():
        span, rights, _, _, inode, *name = line.split()
        if inode != "0" or "w" not in rights or "s" in rights or name not in ([], ["[heap]"]):
            continue
        begin, end = (int(each, 16) for each in span.split("-"))
        yield from range(-(-begin // HUGE) * HUGE, end - HUGE + 1, HUGE)
