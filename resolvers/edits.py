"""What you do with a photo of yours once it is published."""

from typing import Annotated

import strawberry

from resolvers import drafts
from resolvers.context import Info
from resolvers.ids import as_photo_id
from schema.deletions import DeletePayload
from schema.nodes import global_id
from schema.photos import Photo, PhotoPayload, UpdatePhotoInput
from storage import edits, shots

PhotoIdArgument = Annotated[strawberry.ID, strawberry.argument(description="The photo's id.")]


async def update(info: Info, input: UpdatePhotoInput) -> PhotoPayload:
    """Change what you say about a photo of yours, and whom you show it to.

    When it is for fewer people than before, they and nobody else reach its bytes within moments.
    """
    viewer = info.context.signed_in().user_id
    id = as_photo_id(input.id, "input", "id")
    edit = drafts.edit(input)
    async with info.context.database.begin() as tx:
        before = await edits.lock_own(tx, id, viewer, "input", "id")
        row = await edits.apply(tx, before, drafts.retagged(edit, before))
        await shots.share(tx, id, drafts.shared(input))
    return PhotoPayload(photo=Photo.of(row))


async def retry(info: Info, id: PhotoIdArgument) -> PhotoPayload:
    """Try again with a photo of yours that FAILED, if that may help. Again changes nothing."""
    viewer = info.context.signed_in().user_id
    async with info.context.database.begin() as tx:
        row = await edits.retry(tx, as_photo_id(id), viewer)
    return PhotoPayload(photo=Photo.of(row))


async def delete(info: Info, id: PhotoIdArgument) -> DeletePayload:
    """Delete a photo of yours for good, with its likes, its comments and all its files."""
    viewer = info.context.signed_in().user_id
    key = as_photo_id(id)
    async with info.context.database.begin() as tx:
        await edits.remove(tx, key, viewer)
    return DeletePayload(deleted_id=global_id("photo", key))
