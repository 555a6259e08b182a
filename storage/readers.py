"""Connections for hot reads: a free one is taken and given back without a task or a timer.

asyncpg's own pool takes 40 us of CPU for that, twice what the statement itself costs.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from contextvars import Context
from time import monotonic
from typing import Final, TypeAlias

from storage.losses import BROKEN
from storage.reader import Reader

CLOSE_TIMEOUT_S: Final = 5
# Who has a connection for so long waits for more than a turn on a processor. So often is looked.
LONG_S: Final = 0.01
# After so many looks without an answer a connection is taken for silent.
LOOKS: Final = 8
Connect = Callable[[], Awaitable[Reader]]
# Of whoever waits; None is the place of a connection that is to be opened.
Turn: TypeAlias = "asyncio.Future[Reader | None]"


class Busy(Exception):
    """Every connection is in use, and none came free in time."""


class Readers:
    """At most so many connections; each is in nobody's or in one statement's hands.

    Few statements *at_once* are done sooner than many, which only make each other slow. What
    takes long does not count among them, so that nothing quick waits for it; nor does what has
    to open a connection first.
    """

    def __init__(
        self,
        connect: Connect,
        most: int,
        *,
        at_once: int,
        patience_s: float,
        silence_s: float,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self._connect = connect
        self._most = most
        self._at_once = at_once
        self._patience_s = patience_s
        self._silence_s = silence_s
        self._clock = clock
        # Those that are open, and those that somebody opens.
        self._open = 0
        self._free: list[Reader] = []
        # Since when each is in somebody's hands, the longest first.
        self._taken: dict[Reader, float] = {}
        # Since when each waits, the longest first.
        self._waiting: deque[tuple[Turn, float]] = deque()
        self._looking: asyncio.TimerHandle | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        # What each was asked that has not answered, and how many looks ago; when is looked again.
        self._silent: dict[Reader, tuple[int, int]] = {}
        self._looks_by = float("-inf")
        self._looking_after: asyncio.TimerHandle | None = None
        self._closing: set[asyncio.Task[None]] = set()

    async def take(self) -> Reader:
        """A connection, to be given back by `take_back`. Raises Busy, and what asyncpg raises."""
        if not self._waiting and self._may_begin() and (found := self._idle()) is not None:
            return found
        return await self._in_turn() or await self._opened()

    def take_back(self, connection: Reader, error: BaseException | None) -> None:
        """Give it to the next, unless it is of no more use after that *error*."""
        del self._taken[connection]
        if isinstance(error, asyncio.CancelledError | TimeoutError):
            # PostgreSQL is told to stop; until it has, nothing else can be asked here.
            self._part_with(connection)
        elif isinstance(error, BROKEN):
            # It has not heard yet that PostgreSQL has closed its end.
            connection.terminate()
            self._open -= 1
        elif self._open > self._most:
            self._part_with(connection)
        else:
            self._free.append(connection)
        self._hand_on()

    async def close(self) -> None:
        """Close the connections that nobody uses; the others close when they are given back."""
        self._most = 0
        while self._free:
            self._part_with(self._free.pop())
        await asyncio.gather(*self._closing)

    def _may_begin(self) -> bool:
        """Whether fewer are under way than may be at once, those that take long aside."""
        if len(self._taken) < self._at_once:
            return True
        return [*self._taken.values()][-self._at_once] <= self._clock() - LONG_S

    def _idle(self) -> Reader | None:
        """A free connection, taken."""
        while self._free:
            connection = self._free.pop()
            if not connection.is_closed():
                return self._lent(connection)
            self._open -= 1
        return None

    async def _opened(self) -> Reader:
        try:
            connection = await self._connect()
        except BaseException:
            self._open -= 1
            self._hand_on()
            raise
        return self._lent(connection)

    def _lent(self, connection: Reader) -> Reader:
        self._taken[connection] = now = self._clock()
        # Nobody looks after them; a timer that did not ring in time was of a loop that is over.
        if now > self._looks_by:
            self._look_for_silent()
        return connection

    def _look_for_silent(self) -> None:
        """Cut off who has had no answer for too long; look again as long as any is lent out.

        That is counted in looks: for how long this process stood still PostgreSQL is not to blame.
        """
        before, self._silent = self._silent, {}
        for connection in self._taken:
            question = connection.question
            if question % 2:
                asked, looks = before.get(connection, (question, 0))
                looks = looks + 1 if asked == question else 1
                self._silent[connection] = question, looks
                if looks > LOOKS:
                    connection.cut_off()
        if self._looking_after is not None:
            self._looking_after.cancel()
        pause_s = self._silence_s / LOOKS
        # A timer may ring late.
        self._looks_by = self._clock() + 2 * pause_s if self._taken else float("-inf")
        if self._taken:
            loop = asyncio.get_running_loop()
            self._looking_after = loop.call_later(pause_s, self._look_for_silent, context=Context())

    async def _in_turn(self) -> Reader | None:
        loop = asyncio.get_running_loop()
        if loop is not self._loop:
            # Of a loop that is over no timer rings any more.
            self._loop, self._looking = loop, None
        turn: Turn = loop.create_future()
        self._waiting.append((turn, self._clock()))
        self._hand_on()
        try:
            return await turn
        except asyncio.CancelledError:
            self._pass_on(turn)
            raise

    def _hand_on(self) -> None:
        """Give those who wait what there is, the first first."""
        while self._waiting and self._may_begin() and self._given(self._waiting[0][0]):
            self._waiting.popleft()
        if self._waiting and self._looking is None and self._loop is not None:
            # It is done for many, so it is told of none.
            self._looking = self._loop.call_later(LONG_S, self._look_again, context=Context())

    def _given(self, turn: Turn) -> bool:
        """Whether there was anything to give, or nobody waits there any more."""
        if turn.done():
            return True
        connection = self._idle()
        if connection is None:
            if self._open >= self._most:
                return False
            self._open += 1
        turn.set_result(connection)
        return True

    def _look_again(self) -> None:
        """See whether others have taken long, or somebody has waited too long.

        Who has gets any connection that there is, for it may be this process that stood still.
        """
        self._looking = None
        self._hand_on()
        late = self._clock() - self._patience_s
        while self._waiting and self._waiting[0][1] <= late:
            turn, _ = self._waiting.popleft()
            if not self._given(turn):
                turn.set_exception(Busy("every database connection is busy"))

    def _part_with(self, connection: Reader) -> None:
        closing = asyncio.create_task(_closed(connection))
        self._closing.add(closing)
        closing.add_done_callback(self._closing.discard)
        self._open -= 1

    def _pass_on(self, turn: "Turn") -> None:
        """What was handed to somebody who had just given up goes to the next."""
        if not turn.done() or turn.cancelled() or turn.exception() is not None:
            return
        connection = turn.result()
        if connection is not None:
            self.take_back(connection, None)
        else:
            self._open -= 1
            self._hand_on()


async def _closed(connection: Reader) -> None:
    try:
        await connection.close(timeout=CLOSE_TIMEOUT_S)
    except (OSError, TimeoutError):
        connection.terminate()
