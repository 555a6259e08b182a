"""Likes: how one gives and takes them, and who gave them."""

from collections.abc import Sequence
from typing import Annotated

import strawberry

from resolvers.batches import batched
from resolvers.context import Info
from resolvers.edges import edge
from resolvers.extend import costs
from resolvers.ids import as_photo_id
from resolvers.paging import After, First, requested
from schema.photos import Photo, PhotoPayload
from schema.users import UserConnection
from storage import likes

PhotoIdArgument = Annotated[strawberry.ID, strawberry.argument(description="The photo's id.")]


async def like(info: Info, id: PhotoIdArgument) -> PhotoPayload:
    """Like a photo that is READY. Liking twice is liking once."""
    viewer = info.context.signed_in().user_id
    async with info.context.database.begin() as tx:
        row = await likes.add(tx, as_photo_id(id), viewer)
    return PhotoPayload(photo=Photo.of(row))


async def unlike(info: Info, id: PhotoIdArgument) -> PhotoPayload:
    """Take your like back. Again changes nothing."""
    viewer = info.context.signed_in().user_id
    async with info.context.database.begin() as tx:
        row = await likes.remove(tx, as_photo_id(id), viewer)
    return PhotoPayload(photo=Photo.of(row))


@costs(3)
@edge(likes.HIDDEN, by="id")
def count(photo: Photo, hidden: int | None) -> int:
    """How many people you find in `likers`."""
    return photo.row.like_count - (hidden or 0)


@edge(likes.ALONG, by="id")
def viewer_has_liked(_photo: Photo, is_liked: bool | None) -> bool:  # noqa: FBT001 - It is read.
    """Whether you like it; false for guests."""
    return bool(is_liked)


@batched
async def likers(
    photos: Sequence[Photo], info: Info, first: First = 20, after: After = None
) -> list[UserConnection]:
    """Who likes it, the latest first."""
    pages = info.context.loaders.liker_pages(requested("users", first, after))
    return [
        UserConnection.of(page) for page in await pages.many([photo.row.id for photo in photos])
    ]
