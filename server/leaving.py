"""Leaving without turning anybody away: first unready, then for a while open, then gone."""

import asyncio
import signal
from collections.abc import Callable
from types import FrameType

Handler = Callable[[int, FrameType | None], object]


def announce(leave: Callable[[], None], drain_s: int) -> None:
    """Have the signal that ends this process call *leave* at once and end it *drain_s* later.

    A second signal ends it as before. Call it in the loop that serves, once the server has
    set its own handlers.
    """
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        ending = signal.getsignal(number)
        if callable(ending):
            signal.signal(number, _delayed(loop, leave, ending, drain_s))


def _delayed(
    loop: asyncio.AbstractEventLoop, leave: Callable[[], None], ending: Handler, drain_s: int
) -> Handler:
    def handle(number: int, frame: FrameType | None) -> None:
        signal.signal(number, ending)
        # A handler runs between any two steps of the loop, which has to be woken to take note.
        loop.call_soon_threadsafe(leave)
        loop.call_soon_threadsafe(loop.call_later, drain_s, ending, number, frame)

    return handle
