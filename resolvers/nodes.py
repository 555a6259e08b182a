"""Anything by its global id, with the same right to see as everywhere else."""

import asyncio
from collections.abc import Awaitable
from typing import Annotated, Protocol, TypeVar

import strawberry

from resolvers.batches import Loader
from resolvers.context import Context, Info
from resolvers.paging import MOST, BadArgument
from schema.comments import Comment
from schema.nodes import Node, parsed
from schema.notifications import Notification
from schema.photos import Photo
from schema.uploads import Upload
from schema.users import User
from storage.rows import CommentId, NotificationId, PhotoId, UploadId, UserId

Ids = Annotated[list[strawberry.ID], strawberry.argument(description="Up to 100 global ids.")]
Id = Annotated[strawberry.ID, strawberry.argument(description="A global id.")]

Key = TypeVar("Key")
Value = TypeVar("Value")


class Load(Protocol):
    """How a loader is asked for one."""

    def __call__(self, loader: Loader[Key, Value], key: Key, /) -> Awaitable[Value | None]: ...


async def node(info: Info, id: Id) -> Node | None:
    """Anything by its id; null for what does not exist or you may not see."""
    return await _found(info.context, id, info.context.root)


async def nodes(info: Info, ids: Ids) -> list[Node | None]:
    """Several things by their ids, in their order; null for each that you may not see."""
    if len(ids) > MOST:
        raise BadArgument(f"there are {len(ids)} ids; the most is {MOST}")
    return list(await asyncio.gather(*(_found(info.context, id, Loader.load) for id in ids)))


async def _found(context: Context, id: str, load: Load) -> Node | None:
    match parsed(id):
        case "user", key:
            user = await load(context.loaders.users, UserId(key))
            return User.of(user) if user else None
        case "photo", key:
            photo = await load(context.loaders.photos, PhotoId(key))
            return Photo.of(photo) if photo else None
        case "upload", key:
            upload = await load(context.loaders.uploads, UploadId(key))
            return Upload.of(upload) if upload else None
        case "comment", key:
            comment = await load(context.loaders.comments, CommentId(key))
            return Comment.of(comment) if comment else None
        case "notification", key:
            notification = await load(context.loaders.notifications, NotificationId(key))
            return Notification.of(notification) if notification else None
        case _:
            return None
