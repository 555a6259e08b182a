"""What can be followed as it happens.

A wake-up says only that it is time to read again. What is sent is always what was just read
with the rights of that moment, so nothing depends on which wake-ups arrive.
"""

import asyncio
import random
from collections.abc import AsyncGenerator, Awaitable, Callable
from datetime import datetime, timedelta
from typing import Annotated, Final, Self, TypeVar

import strawberry
from sqlalchemy.ext.asyncio import AsyncConnection

from resolvers.context import Info, Parts
from resolvers.ids import as_photo_id
from schema.notifications import Notification
from schema.photos import Photo
from storage import inbox, photos
from storage.events import photo_topic, user_topic
from storage.reached import Unavailable
from storage.rows import (
    Cursor,
    NotificationId,
    NotificationRow,
    Page,
    PageRequest,
    PhotoStatus,
    UserId,
)

PAUSE_S: Final = 1.0
# A transaction dates what it tells before it is committed, and takes no longer than this.
OVERLAP: Final = timedelta(seconds=15)
AT_ONCE: Final = 100

PhotoIdArgument = Annotated[strawberry.ID, strawberry.argument(description="The photo's id.")]
Answer = TypeVar("Answer")
# What makes an entry new to somebody who has seen it: somebody joined its actors.
_Seen = tuple[NotificationId, datetime, UserId]


async def photo_status(info: Info, id: PhotoIdArgument) -> AsyncGenerator[Photo, None]:
    """The photo now, then each change of its status, ending after READY or FAILED.

    Ends with the error NOT_FOUND when there is no such photo, or none that you may see any more.
    """
    viewer, key = info.context.viewer_id, as_photo_id(id)
    status: PhotoStatus | None = None
    with info.context.parts.wakeups.subscribe(photo_topic(key)) as wakeup:
        while True:
            row = await _read(
                info.context.parts,
                lambda connection: photos.require_visible(connection, key, viewer),
            )
            if row.status is not status:
                status = row.status
                yield Photo.of(row)
            if status is not PhotoStatus.PROCESSING:
                return
            await wakeup.wait()


async def notification_received(info: Info) -> AsyncGenerator[Notification, None]:
    """Each new notification, and one that gathers several people again when its actor changes."""
    viewer = info.context.signed_in().user_id
    news = await _read(info.context.parts, lambda connection: _News.since_now(connection, viewer))
    with info.context.parts.wakeups.subscribe(user_topic(viewer)) as wakeup:
        while True:
            for row in await _read(info.context.parts, news.read):
                yield Notification.of(row)
            await wakeup.wait()


class _News:
    """What is new to one subscriber, however late it was committed."""

    def __init__(self, recipient: UserId, began_at: datetime) -> None:
        self._recipient = recipient
        self._latest = began_at
        self._seen: set[_Seen] = set()

    @classmethod
    async def since_now(cls, connection: AsyncConnection, recipient: UserId) -> Self:
        """Of what is there already nothing is new."""
        news = cls(recipient, await inbox.clock(connection))
        await news.read(connection)
        return news

    async def read(self, connection: AsyncConnection) -> list[NotificationRow]:
        """What was told since the last time, the oldest first."""
        horizon = self._latest - OVERLAP
        self._seen = {seen for seen in self._seen if seen[1] >= horizon}
        fresh: list[NotificationRow] = []
        request: PageRequest | None = PageRequest(AT_ONCE)
        while request is not None:
            page = await inbox.since(connection, self._recipient, horizon, request)
            fresh += [row for row in page.rows if _identity(row) not in self._seen]
            request = _rest(page)
        self._seen.update(map(_identity, fresh))
        self._latest = max([self._latest, *(row.created_at for row in fresh)])
        return fresh


def _rest(page: Page[NotificationRow]) -> PageRequest | None:
    if not page.has_next:
        return None
    last = page.rows[-1]
    return PageRequest(AT_ONCE, Cursor(last.created_at, last.id))


def _identity(row: NotificationRow) -> _Seen:
    return row.id, row.created_at, row.actor.id


async def _read(parts: Parts, read: Callable[[AsyncConnection], Awaitable[Answer]]) -> Answer:
    """What *read* finds, as soon as the database can be asked."""
    while True:
        try:
            async with parts.wakeups.turn(), parts.database.connect() as connection:
                return await read(connection)
        except Unavailable:
            # Spread, so that those who wait do not all come back at once.
            await asyncio.sleep(PAUSE_S * random.uniform(0.5, 1.5))  # noqa: S311 - No secret.
