"""What subscribers read when they are woken: many of them ask, the database is asked once."""

from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from typing import Final, TypeVar

from server.together import Together
from storage import inbox, photos
from storage.database import Database, Way
from storage.inbox import Asked
from storage.rows import NotificationRow, PhotoId, PhotoRow, UserId

Answer = TypeVar("Answer")
_Look = tuple[PhotoId, UserId | None]

# So many people's news are one statement: more would keep the others waiting.
PEOPLE_AT_ONCE: Final = 50


class News:
    """The present state, for whoever asks at the same time as others; nothing is remembered.

    Raises Unavailable while the database cannot be asked.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._photos = Together(self._looked)
        self._inboxes = Together(self._heard)

    async def photo(self, id: PhotoId, viewer: UserId | None) -> PhotoRow | None:
        """The photo; None when *viewer* may not see it."""
        return await self._photos.ask((id, viewer))

    async def told(self, asked: Asked) -> Sequence[NotificationRow]:
        """One page of what a user was told, the oldest first."""
        return await self._inboxes.ask(asked)

    async def clock(self) -> datetime:
        """The time by which people are told things."""
        return await self._read(inbox.clock)

    async def _looked(self, looks: Sequence[_Look]) -> list[PhotoRow | None]:
        wanted: defaultdict[UserId | None, set[PhotoId]] = defaultdict(set)
        for id, viewer in looks:
            wanted[viewer].add(id)
        found = {viewer: await self._seen(viewer, [*ids]) for viewer, ids in wanted.items()}
        return [found[viewer].get(id) for id, viewer in looks]

    async def _seen(
        self, viewer: UserId | None, ids: Sequence[PhotoId]
    ) -> Mapping[PhotoId, PhotoRow]:
        return await self._read(lambda way: photos.by_ids(way, ids, viewer))

    async def _heard(self, asked: Sequence[Asked]) -> list[Sequence[NotificationRow]]:
        # Who listens in several places mostly asks for the same in each.
        each = [*dict.fromkeys(asked)]
        found: dict[Asked, Sequence[NotificationRow]] = {}
        for place in range(0, len(each), PEOPLE_AT_ONCE):
            some = each[place : place + PEOPLE_AT_ONCE]
            found |= zip(some, await self._pages(some), strict=True)
        return [found[one] for one in asked]

    async def _pages(self, asked: Sequence[Asked]) -> list[list[NotificationRow]]:
        return await self._read(lambda way: inbox.since(way, asked))

    async def _read(self, read: Callable[[Way], Awaitable[Answer]]) -> Answer:
        async def once() -> Answer:
            async with self._database.reading() as way:
                return await read(way)

        return await self._database.reread(once)
