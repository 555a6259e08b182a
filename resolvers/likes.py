"""Likes: how one gives and takes them, and who gave them."""

from typing import Annotated

import strawberry

from resolvers.context import Info
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


async def count(photo: strawberry.Parent[Photo], info: Info) -> int:
    """How many people you find in `likers`."""
    return photo.all_likes - await info.context.loaders.hidden_likes(photo.key)


async def viewer_has_liked(photo: strawberry.Parent[Photo], info: Info) -> bool:
    """Whether you like it; false for guests."""
    return await info.context.loaders.liked.load(photo.key) or False


async def likers(
    photo: strawberry.Parent[Photo], info: Info, first: First = 20, after: After = None
) -> UserConnection:
    """Who likes it, the latest first."""
    pages = info.context.loaders.liker_pages(requested("users", first, after))
    return UserConnection.of(await pages.load(photo.key))
