"""From the Authorization header to who is asking."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from time import monotonic
from typing import Final

from resolvers.context import Caller
from server.auth.tokens import BadToken, Tokens
from server.together import Together
from storage import sessions
from storage.along import Claim
from storage.database import Database, statements
from storage.reached import Unavailable
from storage.rows import SessionId, SessionRow

# Half of the second within which an ended session must be of no use anywhere.
MEMORY_S: Final = 0.5
# How long a request waits for that word.
PATIENCE_S: Final = 1.0
_ENDED: Final = "the session has ended; log in again"


@dataclass(slots=True)
class _Known:
    until: float
    session: SessionRow | None


class Callers:
    """Who sends which request, by the database's word of the last half second.

    The answer grows old: for as long as a connection lasts, ask again with the same header.
    """

    def __init__(
        self,
        database: Database,
        tokens: Tokens,
        *,
        clock: Callable[[], float] = monotonic,
        most: int = 10_000,
    ) -> None:
        self._database = database
        self._tokens = tokens
        self._clock = clock
        self._most = most
        # Oldest first, because an entry is never renewed in its place.
        self._known: dict[SessionId, _Known] = {}
        self._asking: dict[SessionId, asyncio.Future[_Known]] = {}
        self._together = Together(self._ask)
        self._forgot_at = float("-inf")

    def claimed(self, authorization: str | None) -> Caller:
        """Who that is if the session lives, which reads for them find out when they can.

        What they find must not be told to anybody before it is the caller of `confirmed`.
        """
        if authorization is None:
            return Caller()
        try:
            session = self._tokens.bearer(authorization)
        except BadToken as error:
            return Caller(refused=str(error))
        known = self._fresh(session.id)
        if known is None:
            return Caller(session, claim=Claim(session.id, self._clock()))
        return Caller(session) if known.session == session else Caller(refused=_ENDED)

    def confirmed(self, claimed: Caller) -> Caller | None:
        """Who that is, if whatever was *claimed* before was found to be true; else None."""
        claim, session = claimed.claim, claimed.session
        if claim is None or session is None:
            return claimed
        if not claim.is_live:
            return None
        # What was forgotten meanwhile is asked for again.
        if claim.at > self._forgot_at:
            self._remember(session.id, _Known(claim.at + MEMORY_S, session))
        return Caller(session)

    async def of(self, authorization: str | None) -> Caller:
        """Who sends a request with that header; a bad one is a refused caller, no error.

        Raises Unavailable when the database does not say in time.
        """
        claimed = self.claimed(authorization)
        session = claimed.session
        if claimed.claim is None or session is None:
            return claimed
        if await self._live(session.id) != session:
            return Caller(refused=_ENDED)
        return Caller(session)

    def forget(self, session: SessionRow) -> None:
        """Ask the database the next time."""
        self._forgot_at = self._clock()
        self._known.pop(session.id, None)
        self._asking.pop(session.id, None)

    async def _live(self, id: SessionId) -> SessionRow | None:
        asking = self._asking.get(id) or self._ask_for(id)
        # Whoever gives up leaves the answer to the others.
        return (await asyncio.shield(asking)).session

    def _fresh(self, id: SessionId) -> _Known | None:
        known = self._known.get(id)
        return known if known is not None and self._clock() < known.until else None

    def _ask_for(self, id: SessionId) -> "asyncio.Future[_Known]":
        asking = self._asking[id] = self._together.ask(id)
        asking.add_done_callback(lambda done: self._answered(id, done))
        # The statement is that of others as well, but without this request it is one less.
        counter = statements.get()
        if counter is not None:
            counter.total += 1
        return asking

    async def _ask(self, ids: Sequence[SessionId]) -> list[_Known]:
        # Counted from the question on: the answer may be as old as that.
        until = self._clock() + MEMORY_S
        try:
            async with asyncio.timeout(PATIENCE_S):
                live = await self._database.reread(lambda: self._read(ids))
        except TimeoutError:
            raise Unavailable("the database did not answer in time") from None
        return [_Known(until, live.get(id)) for id in ids]

    async def _read(self, ids: Sequence[SessionId]) -> Mapping[SessionId, SessionRow]:
        async with self._database.reading() as way:
            return await sessions.live(way, ids)

    def _remember(self, id: SessionId, known: _Known) -> None:
        self._known.pop(id, None)
        if len(self._known) >= self._most:
            del self._known[next(iter(self._known))]
        self._known[id] = known

    def _answered(self, id: SessionId, done: asyncio.Future[_Known]) -> None:
        # A session that was forgotten while the answer was on its way is asked for again.
        if self._asking.get(id) is not done:
            return
        del self._asking[id]
        if not done.cancelled() and done.exception() is None:
            self._remember(id, done.result())
