"""Tells connections that last when their session is over."""

import asyncio
from collections import defaultdict
from collections.abc import Callable
from contextvars import Context
from datetime import datetime
from typing import Final

import structlog
from sqlalchemy.exc import DBAPIError

from server.auth.tokens import BadToken, Tokens, now
from storage import sessions
from storage.database import Database
from storage.reached import Unavailable
from storage.rows import SessionId

log = structlog.get_logger("watch")

# An ended session must be of no use anywhere within a second.
EVERY_S: Final = 0.5


class Watch:
    """Asks the database for all watched sessions at once, while there are any."""

    def __init__(
        self, database: Database, tokens: Tokens, *, clock: Callable[[], datetime] = now
    ) -> None:
        self._database = database
        self._tokens = tokens
        self._clock = clock
        self._watched: defaultdict[SessionId, set[asyncio.Event]] = defaultdict(set)
        self._looking: asyncio.Task[None] | None = None

    async def over(self, authorization: str | None) -> str:
        """Why a request with that header is refused, as soon as it is; never for a guest."""
        if authorization is None:
            return await asyncio.Future[str]()
        try:
            session = self._tokens.bearer(authorization)
            left = self._tokens.ends_at(authorization) - self._clock()
            async with asyncio.timeout(left.total_seconds()):
                await self._ended(session.id)
        except BadToken as error:
            return str(error)
        except TimeoutError:
            return "the access token has expired; refresh the session"
        return "the session has ended; log in again"

    async def close(self) -> None:
        """Stop asking."""
        if self._looking is not None:
            self._looking.cancel()
            await asyncio.gather(self._looking, return_exceptions=True)

    async def _ended(self, id: SessionId) -> None:
        ended = asyncio.Event()
        self._watched[id].add(ended)
        if self._looking is None or self._looking.done():
            # It outlives the operation that happens to start it, and tells nothing of it.
            self._looking = asyncio.create_task(self._look(), context=Context())
        try:
            await ended.wait()
        finally:
            self._watched[id].discard(ended)
            if not self._watched[id]:
                del self._watched[id]

    async def _look(self) -> None:
        while self._watched:
            await asyncio.sleep(EVERY_S)
            watched = list(self._watched)
            try:
                async with self._database.connect() as connection:
                    live = await sessions.live_among(connection, watched)
            except (Unavailable, DBAPIError) as error:
                log.warning("the sessions cannot be asked for", error=str(error))
                continue
            for id in set(watched) - live:
                for ended in self._watched.get(id, ()):
                    ended.set()
