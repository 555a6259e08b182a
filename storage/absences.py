"""A database that is away for a moment: one looks whether it is back, and the others wait for that.

Many that looked for themselves would keep it from coming back.
"""

import asyncio
from collections.abc import Awaitable, Callable
from time import monotonic
from typing import Final

# A restart takes a second on a slow disk; for what takes longer nobody waits.
SHORT_S: Final = 1.5
LOOK_EVERY_S: Final = 0.05


class Absences:
    """*look* returns when the database is there, and raises when it is not."""

    def __init__(self, look: Callable[[], Awaitable[None]]) -> None:
        self._look = look
        self._looking: asyncio.Task[bool] | None = None
        self._is_long = False

    async def is_over(self) -> bool:
        """Whether it is back after a short absence; false at once while the absence is long."""
        if self._is_long:
            return False
        if self._looking is None or self._looking.done():
            self._looking = asyncio.create_task(self._looked())
        # Whoever gives up leaves the answer to the others.
        return await asyncio.shield(self._looking)

    def seen(self) -> None:
        """It has answered: the next absence may be a short one."""
        self._is_long = False

    async def close(self) -> None:
        """Look no more; whoever waits is told so."""
        self._is_long = True
        if self._looking is not None:
            self._looking.cancel()
            await asyncio.wait({self._looking})

    async def _looked(self) -> bool:
        until = monotonic() + SHORT_S
        while monotonic() < until:
            try:
                await self._look()
            except Exception:  # noqa: BLE001 - Whatever it is, the database is not there yet.
                await asyncio.sleep(LOOK_EVERY_S)
            else:
                return True
        self._is_long = True
        return False
