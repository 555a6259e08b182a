"""From the Authorization header to who is asking."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic
from typing import Final

from resolvers.context import Caller
from server.auth.tokens import BadToken, Tokens
from storage import sessions
from storage.database import Database
from storage.rows import SessionId, SessionRow

# Half of the second within which an ended session must be of no use anywhere.
MEMORY_S: Final = 0.5


@dataclass(frozen=True, slots=True)
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
        self._asking: dict[SessionId, asyncio.Task[SessionRow | None]] = {}

    async def of(self, authorization: str | None) -> Caller:
        """Who sends a request with that header; a bad one is a refused caller, no error."""
        if authorization is None:
            return Caller()
        scheme, _, token = authorization.strip().partition(" ")
        if scheme.lower() != "bearer":
            return Caller(refused="the Authorization header must be: Bearer <accessToken>")
        try:
            claimed = self._tokens.session(token.strip())
        except BadToken as error:
            return Caller(refused=str(error))
        if await self._live(claimed.id) != claimed:
            return Caller(refused="the session has ended; log in again")
        return Caller(claimed)

    def forget(self, session: SessionRow) -> None:
        """Ask the database the next time."""
        self._known.pop(session.id, None)
        self._asking.pop(session.id, None)

    async def _live(self, id: SessionId) -> SessionRow | None:
        known = self._known.get(id)
        if known is not None and self._clock() < known.until:
            return known.session
        asking = self._asking.get(id)
        if asking is None:
            asking = self._asking[id] = asyncio.create_task(self._ask(id))
            asking.add_done_callback(lambda done: self._answered(id, done))
        # Whoever gives up leaves the question to the others.
        return await asyncio.shield(asking)

    async def _ask(self, id: SessionId) -> SessionRow | None:
        # Counted from the question on: the answer may be as old as that.
        until = self._clock() + MEMORY_S
        async with self._database.reading() as way:
            session = await sessions.live(way, id)
        # A session that was forgotten while the answer was on its way is asked for again.
        if self._asking.get(id) is asyncio.current_task():
            self._remember(id, _Known(until, session))
        return session

    def _remember(self, id: SessionId, known: _Known) -> None:
        self._known.pop(id, None)
        if len(self._known) >= self._most:
            del self._known[next(iter(self._known))]
        self._known[id] = known

    def _answered(self, id: SessionId, done: asyncio.Task[SessionRow | None]) -> None:
        if self._asking.get(id) is done:
            del self._asking[id]
        if not done.cancelled():
            # All who asked may be gone; then nobody else takes note of an error.
            done.exception()
