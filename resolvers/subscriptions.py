"""What can be followed as it happens.

A wake-up says only that it is time to read again. What is sent is always what was just read
with the rights of that moment, so nothing depends on which wake-ups arrive.
"""

import asyncio
import random
from collections.abc import AsyncGenerator, Awaitable, Callable
from datetime import datetime, timedelta
from time import monotonic
from typing import Annotated, Final, Self, TypeVar
from uuid import UUID

import strawberry

from resolvers.context import Info, News
from resolvers.ids import as_photo_id
from schema.notifications import Notification
from schema.photos import Photo
from storage.events import photo_topic, user_topic
from storage.inbox import PAGE, Asked
from storage.reached import Unavailable
from storage.refusals import Missing
from storage.rows import Cursor, NotificationId, NotificationRow, PhotoStatus, UserId

PAUSE_S: Final = 1.0
# A transaction dates what it tells before it is committed, and takes no longer than this.
OVERLAP: Final = timedelta(seconds=15)
# Whoever was told so much meanwhile reads all of that again only so often, and mostly the end.
MUCH: Final = 1_000
WHOLE_EVERY_S: Final = 1.0
BRIEF: Final = timedelta(seconds=1)
# What was read longer ago is read again before it is sent: it may be hidden by now.
FRESH_S: Final = 0.5
# Comes before every id.
_FIRST: Final = UUID(int=0)

PhotoIdArgument = Annotated[strawberry.ID, strawberry.argument(description="The photo's id.")]
Answer = TypeVar("Answer")
# What makes an entry new to somebody who has seen it: somebody joined its actors.
_Seen = tuple[NotificationId, datetime, UserId]


async def photo_status(info: Info, id: PhotoIdArgument) -> AsyncGenerator[Photo, None]:
    """The photo now, then each change of its status, ending after READY or FAILED.

    Ends with the error NOT_FOUND when there is no such photo, or none that you may see any more.
    """
    viewer, key = info.context.viewer_id, as_photo_id(id)
    news = info.context.parts.news
    status: PhotoStatus | None = None
    with info.context.parts.wakeups.subscribe(photo_topic(key)) as wakeup:
        while True:
            row = await _read(lambda: news.photo(key, viewer))
            if row is None:
                raise Missing("there is no such photo", "id")
            if row.status is not status:
                status = row.status
                yield Photo.of(row)
            if status is not PhotoStatus.PROCESSING:
                return
            await wakeup.wait()


async def notification_received(info: Info) -> AsyncGenerator[Notification, None]:
    """Each new notification, and one that gathers several people again when its actor changes."""
    viewer = info.context.signed_in().user_id
    unread = await _Unread.since_now(info.context.parts.news, viewer)
    with info.context.parts.wakeups.subscribe(user_topic(viewer)) as wakeup:
        while True:
            for row in await unread.read():
                yield Notification.of(row)
                unread.has_told(row)
                if unread.is_stale:
                    break
            if unread.is_all:
                await wakeup.wait()


class _Unread:
    """What one subscriber was not told yet, however late it was committed."""

    def __init__(self, news: News, recipient: UserId, began_at: datetime) -> None:
        self._news = news
        self._recipient = recipient
        self._latest = began_at
        self._seen: set[_Seen] = set()
        self._place: Cursor | None = None
        self._read_at = self._whole_at = monotonic()
        self.is_all = False

    @classmethod
    async def since_now(cls, news: News, recipient: UserId) -> Self:
        """Of what is there already nothing is new."""
        unread = cls(news, recipient, await _read(news.clock))
        while not unread.is_all:
            for row in await unread.read():
                unread.has_told(row)
        return unread

    @property
    def is_stale(self) -> bool:
        """Whether the rest of what was read is too old to be sent; then it is read again."""
        if monotonic() - self._read_at < FRESH_S:
            return False
        self._place, self.is_all = None, False
        return True

    def has_told(self, row: NotificationRow) -> None:
        """Leave that one out from now on."""
        self._seen.add(_identity(row))
        self._latest = max(self._latest, row.created_at)

    async def read(self) -> list[NotificationRow]:
        """What is new, the oldest first; not all of it when it is much."""
        while True:
            self._read_at = monotonic()
            place = self._place or Cursor(self._beginning(), _FIRST)
            rows = await _read(lambda: self._news.told(Asked(self._recipient, place)))  # noqa: B023 - Called now.
            self.is_all = len(rows) < PAGE
            self._place = None if self.is_all else Cursor(rows[-1].created_at, rows[-1].id)
            fresh = [row for row in rows if _identity(row) not in self._seen]
            if fresh or self.is_all:
                return fresh

    def _beginning(self) -> datetime:
        now = monotonic()
        if len(self._seen) > MUCH and now - self._whole_at < WHOLE_EVERY_S:
            return self._latest - BRIEF
        self._whole_at = now
        horizon = self._latest - OVERLAP
        self._seen = {seen for seen in self._seen if seen[1] >= horizon}
        return horizon


def _identity(row: NotificationRow) -> _Seen:
    return row.id, row.created_at, row.actor.id


async def _read(read: Callable[[], Awaitable[Answer]]) -> Answer:
    """What *read* finds, as soon as the database can be asked."""
    while True:
        try:
            return await read()
        except Unavailable:
            # Spread, so that those who wait do not all come back at once.
            await asyncio.sleep(PAUSE_S * random.uniform(0.5, 1.5))  # noqa: S311 - No secret.
