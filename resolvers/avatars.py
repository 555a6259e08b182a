"""Avatars: where they are fetched, and how one chooses one's own."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Annotated

import strawberry

from resolvers import originals
from resolvers.context import Context, Info
from resolvers.edges import computed
from resolvers.ids import as_upload_id
from schema.enums import PhotoStatus
from schema.photos import PhotoFailure
from schema.users import UpdateProfileInput, User
from storage import avatars, uploads
from storage.avatars import UPLOAD
from storage.database import Writing
from storage.refusals import Missing
from storage.rows import RETRYABLE, AvatarRow, UploadRow, UserId

Size = Annotated[int, strawberry.argument(description="In pixels; up to 512 are kept.")]
Change = Callable[[Writing], Awaitable[None]]


@computed
def url(user: User, context: Context, size: Size = 128) -> str | None:
    """Square picture of at least `size` pixels; null when the user has none.

    Of a smaller picture it is the largest there is. Everyone may fetch it, also that of a
    private account, and its bytes never change: another avatar has another address.
    """
    row = user.row
    if row.avatar_token is None or row.avatar_size is None:
        return None
    return context.parts.media.of(avatars.fitting_key(row.avatar_token, row.avatar_size, size))


async def status(user: strawberry.Parent[User], info: Info) -> PhotoStatus | None:
    """What became of the picture you chose last; null when you have none, and for others.

    PROCESSING and FAILED leave the avatar as it was before; READY shows it.
    """
    row = await _latest(user, info)
    return row.status if row else None


async def failure(user: strawberry.Parent[User], info: Info) -> PhotoFailure | None:
    """Why the picture you chose last did not become your avatar; null when it did or will."""
    row = await _latest(user, info)
    if row is None or row.failure_code is None:
        return None
    return PhotoFailure(
        code=row.failure_code,
        message=row.failure_message or "",
        retryable=row.failure_code in RETRYABLE,
    )


async def _latest(user: User, info: Info) -> AvatarRow | None:
    if info.context.viewer_id != user.key:
        return None
    return await info.context.loaders.avatars.load(user.key)


@asynccontextmanager
async def change(
    context: Context, viewer: UserId, input: UpdateProfileInput
) -> AsyncIterator[Change]:
    """What to do about the avatar in the transaction that changes the profile.

    Raises Missing, Expired, MissingObject and Invalid as publishing a photo does.
    """
    wanted = input.avatar_upload_id
    if wanted is strawberry.UNSET:
        yield _leave
        return
    if wanted is None:
        yield lambda tx: _withdraw(tx, viewer)
        return
    async with context.database.connect() as connection:
        id = as_upload_id(wanted, *UPLOAD)
        upload = await uploads.require(connection, id, viewer, *UPLOAD)
        was_chosen = await avatars.was_chosen(connection, upload.id)
    if was_chosen:
        yield lambda tx: _repeat(tx, upload)
        return
    async with originals.kept(context, upload, *UPLOAD) as copy:

        async def choose(tx: Writing) -> None:
            copy.is_used = await avatars.choose(tx, upload, copy.key)

        yield choose


async def _leave(_tx: Writing) -> None:
    """The avatar stays as it is."""


async def _repeat(tx: Writing, upload: UploadRow) -> None:
    if not await avatars.repeat(tx, upload):
        raise Missing("there is no such upload", *UPLOAD)


async def _withdraw(tx: Writing, viewer: UserId) -> None:
    await avatars.withdraw(tx, viewer)
