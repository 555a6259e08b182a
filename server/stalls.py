"""Notices when the event loop stands still, and where: nobody is answered meanwhile."""

import asyncio
import sys
import threading
from time import monotonic
from traceback import extract_stack
from types import FrameType
from typing import Final

import structlog
from prometheus_client import Counter

log = structlog.get_logger("loop")

LONGEST_S: Final = 1.0
BEAT_S: Final = 0.25
PLACES: Final = 6

STALLS: Final = Counter(
    "picshare_loop_stalls_total", "How often the event loop stood still for longer than a second."
)


class Stalls:
    """Tells of each step of the loop that lasts too long, while it lasts.

    A thread looks, because the loop itself cannot.
    """

    def __init__(self, longest_s: float = LONGEST_S) -> None:
        self._longest_s = longest_s
        self._beat_at = monotonic()
        self._ended = threading.Event()
        self._next: asyncio.TimerHandle | None = None

    def watch(self) -> None:
        """Watch the loop of this thread until `close`."""
        self._beat()
        thread = threading.get_ident()
        threading.Thread(target=self._look, args=(thread,), name="stalls", daemon=True).start()

    def close(self) -> None:
        """Watch no more."""
        self._ended.set()
        if self._next is not None:
            self._next.cancel()

    def _beat(self) -> None:
        self._beat_at = monotonic()
        self._next = asyncio.get_running_loop().call_later(BEAT_S, self._beat)

    def _look(self, thread: int) -> None:
        stalled_at: float | None = None
        while not self._ended.wait(BEAT_S):
            beat_at = self._beat_at
            if stalled_at is not None and beat_at != stalled_at:
                log.warning("the loop goes on", stood_s=round(beat_at - stalled_at, 1))
                stalled_at = None
            elif stalled_at is None and monotonic() - beat_at > self._longest_s:
                stalled_at = beat_at
                STALLS.inc()
                log.warning("the loop stands still", at=_places(sys._current_frames().get(thread)))  # noqa: SLF001 - There is no other way to see where another thread is.


def _places(frame: FrameType | None) -> list[str]:
    """Where a thread is, the innermost place last."""
    if frame is None:
        return []
    return [f"{at.filename}:{at.lineno} {at.name}" for at in extract_stack(frame)[-PLACES:]]
