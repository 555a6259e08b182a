"""Timers that are set for each request and hardly ever ring."""

import asyncio
from collections.abc import Callable
from contextvars import Context

Ring = Callable[[], None]


class Alarms:
    """Timers of one length. The first that was set is the first that is due, so that the event
    loop has to know of that one only; to set one and to stop it costs next to nothing.
    """

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._set: dict[Ring, float] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    def set(self, ring: Ring) -> None:
        """Call *ring* in so many seconds, unless it is stopped; it is set once at a time."""
        loop = asyncio.get_running_loop()
        if loop is not self._loop:
            # Of a loop that is over nothing rings any more.
            self._loop, self._timer = loop, None
            self._set.clear()
        self._set[ring] = due = loop.time() + self.seconds
        if self._timer is None:
            self._look_at(due, loop)

    def stop(self, ring: Ring) -> None:
        """Do not call it, if it was not called already."""
        self._set.pop(ring, None)

    def _look_at(self, due: float, loop: asyncio.AbstractEventLoop) -> None:
        # It is done for many, so it is told of none.
        self._timer = loop.call_at(due, self._look, loop, context=Context())

    def _look(self, loop: asyncio.AbstractEventLoop) -> None:
        self._timer = None
        now, over = loop.time(), []
        for ring, due in self._set.items():
            if due > now:
                self._look_at(due, loop)
                break
            over.append(ring)
        for ring in over:
            # One that rings may stop another.
            if self._set.pop(ring, None) is not None:
                self._ring(ring, loop)

    def _ring(self, ring: Ring, loop: asyncio.AbstractEventLoop) -> None:
        try:
            ring()
        except Exception as error:  # noqa: BLE001 - As the loop does it: the others go on.
            loop.call_exception_handler({"message": "an alarm failed", "exception": error})
