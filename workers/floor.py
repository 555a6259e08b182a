"""Who runs beside whom: a job that may have ended a worker runs alone, and ends nobody else's."""

import asyncio


class Taken(Exception):
    """Somebody runs alone already, or is about to."""


class Floor:
    """Shared by many, or had by one alone: who comes while one has it or awaits it, waits."""

    def __init__(self) -> None:
        self._sharing = 0
        self._is_empty = asyncio.Event()
        self._is_empty.set()
        self._is_open = asyncio.Event()
        self._is_open.set()

    async def enter(self, *, alone: bool) -> None:
        """Return when it is one's own, or one may share it. Raises Taken instead of a queue."""
        if alone:
            await self._enter_alone()
            return
        while not self._is_open.is_set():
            await self._is_open.wait()
        self._sharing += 1
        self._is_empty.clear()

    def leave(self, *, alone: bool) -> None:
        """Make room for others; once for each time that one has entered."""
        if alone:
            self._is_open.set()
            return
        self._sharing -= 1
        if not self._sharing:
            self._is_empty.set()

    async def _enter_alone(self) -> None:
        if not self._is_open.is_set():
            raise Taken
        self._is_open.clear()
        try:
            await self._is_empty.wait()
        except asyncio.CancelledError:
            self._is_open.set()
            raise
