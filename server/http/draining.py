"""Peers that do not take what is sent to them."""

import asyncio
from typing import Final

LOOK_EVERY_S: Final = 5.0
# Slower than this nobody reads who wants the answer.
LEAST_BYTES_PER_S: Final = 1_024


class Draining(asyncio.Protocol):
    """Drops a connection whose peer takes less than a trickle of what waits for it.

    While anything waits, the protocol below writes nothing more: what waits only shrinks.
    """

    transport: asyncio.Transport
    loop: asyncio.AbstractEventLoop
    _look: asyncio.TimerHandle | None = None

    def pause_writing(self) -> None:
        """Begin to look, for much waits to be sent."""
        super().pause_writing()
        if self._look is None:
            self._look_later(self.transport.get_write_buffer_size())

    def resume_writing(self) -> None:
        """Stop looking, for the peer reads."""
        super().resume_writing()
        self._look_no_more()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop looking, for nobody is there."""
        self._look_no_more()
        super().connection_lost(exc)

    def _look_later(self, waiting: int) -> None:
        self._look = self.loop.call_later(LOOK_EVERY_S, self._require_progress, waiting)

    def _look_no_more(self) -> None:
        if self._look is not None:
            self._look.cancel()
            self._look = None

    def _require_progress(self, waited: int) -> None:
        waits = self.transport.get_write_buffer_size()
        if waited - waits < LOOK_EVERY_S * LEAST_BYTES_PER_S:
            # To close it would wait for the peer.
            self.transport.abort()
            return
        self._look_later(waits)
