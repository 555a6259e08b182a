"""Memory of this process that is free: kept for the next picture, or given back to the system.

The system zeroes each page it gives, which for one picture after the other took up to a fifth of
the time. Elsewhere than with glibc all this does nothing.
"""

import ctypes
from collections.abc import Mapping
from typing import Final

# What is asked for comes from the heap up to blocks of so much, which older glibc takes no more
# of; see mallopt(3).
KEEPING: Final[Mapping[str, str]] = {
    "MALLOC_ARENA_MAX": "1",
    "MALLOC_MMAP_THRESHOLD_": str(32 * 1024**2),
    "MALLOC_TRIM_THRESHOLD_": str(1024**3),
}

_trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
CAN_GIVE_BACK: Final = _trim is not None


def give_back() -> None:
    """Give all that is free back to the system."""
    if _trim is not None:
        _trim(0)
