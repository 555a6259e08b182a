"""What you are told of what others did."""

from datetime import datetime
from typing import Annotated

import strawberry

from resolvers.context import Info
from resolvers.paging import After, First, requested
from schema.comments import Comment
from schema.notifications import (
    MarkNotificationsReadPayload,
    Notification,
    NotificationConnection,
)
from schema.photos import Photo
from schema.users import User
from storage import inbox

Before = Annotated[
    datetime | None,
    strawberry.argument(
        description="The createdAt of the latest one that was read; null marks all of them."
    ),
]
FirstActors = Annotated[
    int | None, strawberry.argument(description="How many at most, 1 to 100; null means 3.")
]
ACTORS = 3


async def notifications(
    info: Info, first: First = 20, after: After = None
) -> NotificationConnection:
    """What others did that concerns you, the latest first. Needs a session."""
    viewer = info.context.signed_in().user_id
    request = requested("notifications", first, after)
    async with info.context.database.reading() as way:
        return NotificationConnection.of(await inbox.newest(way, viewer, request))


async def unread_count(info: Info) -> int:
    """How many of all your notifications are not read."""
    viewer = info.context.signed_in().user_id
    async with info.context.database.reading() as way:
        return await inbox.count_unread(way, viewer)


async def mark_read(info: Info, before: Before = None) -> MarkNotificationsReadPayload:
    """Mark notifications as read, up to and including a time. Again changes nothing."""
    viewer = info.context.signed_in().user_id
    async with info.context.database.begin() as tx:
        await inbox.mark_read(tx, viewer, before)
        return MarkNotificationsReadPayload(unread_count=await inbox.count_unread(tx, viewer))


async def actor(notification: strawberry.Parent[Notification]) -> User:
    """Who did it; of several people the latest."""
    return User.of(notification.row.actor)


async def actors(
    notification: strawberry.Parent[Notification], info: Info, first: FirstActors = ACTORS
) -> list[User]:
    """Who did it, the latest first. Only likes of one photo are gathered from several people."""
    count = requested("users", ACTORS if first is None else first, None).first
    rows = await info.context.loaders.actors(count).load(notification.key)
    return [User.of(row) for row in rows or []]


async def actor_count(notification: strawberry.Parent[Notification], info: Info) -> int:
    """How many people did it."""
    return await info.context.loaders.actor_counts.load(notification.key) or 0


async def photo(notification: strawberry.Parent[Notification], info: Info) -> Photo | None:
    """The photo it is about; null when there is none, or none that you may see any more."""
    id = notification.row.photo_id
    row = await info.context.loaders.photos.load(id) if id else None
    return Photo.of(row) if row else None


async def comment(notification: strawberry.Parent[Notification], info: Info) -> Comment | None:
    """The comment it is about; null when there is none, or none that you may see any more."""
    id = notification.row.comment_id
    row = await info.context.loaders.comments.load(id) if id else None
    return Comment.of(row) if row else None
