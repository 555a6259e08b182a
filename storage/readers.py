"""Connections for hot reads: a free one is taken and given back without a task or a timer.

asyncpg's own pool takes 40 us of CPU for that, twice what the statement itself costs.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Final, TypeAlias

from asyncpg import Connection, Record

from storage.alarms import Alarms
from storage.losses import BROKEN

CLOSE_TIMEOUT_S: Final = 5
Connect = Callable[[], Awaitable["Connection[Record]"]]
# Of whoever waits; None is the place of a connection that is to be opened.
Turn: TypeAlias = "asyncio.Future[Connection[Record] | None]"


class Busy(Exception):
    """Every connection is in use, and none came free in time."""


class Readers:
    """At most so many connections; each is in nobody's or in one statement's hands."""

    def __init__(self, connect: Connect, most: int, *, patience_s: float) -> None:
        self._connect = connect
        self._most = most
        self._patience = Alarms(patience_s)
        self._open = 0
        self._free: list[Connection[Record]] = []
        self._waiting: deque[Turn] = deque()
        self._closing: set[asyncio.Task[None]] = set()

    async def take(self) -> "Connection[Record]":
        """A connection, to be given back by `take_back`. Raises Busy, and what asyncpg raises."""
        return self._idle() or await self._another()

    def take_back(self, connection: "Connection[Record]", error: BaseException | None) -> None:
        """Give it to the next, unless it is of no more use after that *error*."""
        if isinstance(error, asyncio.CancelledError | TimeoutError):
            # PostgreSQL is told to stop; until it has, nothing else can be asked here.
            self._part_with(connection)
            return
        if isinstance(error, BROKEN):
            # It has not heard yet that PostgreSQL has closed its end.
            connection.terminate()
        self._take_back(connection)

    async def close(self) -> None:
        """Close the connections that nobody uses; the others close when they are given back."""
        self._most = 0
        for connection in self._free:
            self._part_with(connection)
        self._free.clear()
        await asyncio.gather(*self._closing)

    def _idle(self) -> "Connection[Record] | None":
        while self._free:
            connection = self._free.pop()
            if not connection.is_closed():
                return connection
            self._close_one()
        return None

    async def _another(self) -> "Connection[Record]":
        if self._open < self._most:
            return await self._opened()
        turn: Turn = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        late = partial(_give_up, turn)
        self._patience.set(late)
        try:
            connection = await turn
        except asyncio.CancelledError:
            self._pass_on(turn)
            raise
        finally:
            self._patience.stop(late)
        return connection or await self._opened()

    async def _opened(self) -> "Connection[Record]":
        self._open += 1
        try:
            return await self._connect()
        except BaseException:
            self._close_one()
            raise

    def _take_back(self, connection: "Connection[Record]") -> None:
        if connection.is_closed():
            self._close_one()
        elif self._open > self._most:
            self._part_with(connection)
        elif (turn := self._next()) is not None:
            turn.set_result(connection)
        else:
            self._free.append(connection)

    def _part_with(self, connection: "Connection[Record]") -> None:
        closing = asyncio.create_task(_closed(connection))
        self._closing.add(closing)
        closing.add_done_callback(self._closing.discard)
        self._close_one()

    def _close_one(self) -> None:
        """One connection less; who waits may open another in its place."""
        self._open -= 1
        if self._open < self._most and (turn := self._next()) is not None:
            turn.set_result(None)

    def _next(self) -> "Turn | None":
        while self._waiting:
            turn = self._waiting.popleft()
            if not turn.done():
                return turn
        return None

    def _pass_on(self, turn: "Turn") -> None:
        """What was handed to somebody who had just given up goes to the next."""
        if not turn.done() or turn.cancelled() or turn.exception() is not None:
            return
        connection = turn.result()
        if connection is not None:
            self._take_back(connection)
        elif (other := self._next()) is not None:
            other.set_result(None)


def _give_up(turn: Turn) -> None:
    if not turn.done():
        turn.set_exception(Busy("every database connection is busy"))


async def _closed(connection: "Connection[Record]") -> None:
    try:
        await connection.close(timeout=CLOSE_TIMEOUT_S)
    except (OSError, TimeoutError):
        connection.terminate()
