"""Avatars: the picture a user chose, and the squares that are made of it.

A user has at most two: the one that is shown, and one that was chosen after it and is not ready,
or failed. The squares are for everybody who knows their keys, whatever the account shows to whom.
"""

import secrets
from collections.abc import Sequence
from typing import Final

from sqlalchemy import ColumnElement, and_, any_, delete, insert, select, true, update
from sqlalchemy.ext.asyncio import AsyncConnection

from storage import accounts, jobs
from storage.database import Way, Writing, columns, fetch_one, values
from storage.reads import IDS, Read, rows, rows_of
from storage.refusals import Conflict, Missing
from storage.rows import (
    AvatarId,
    AvatarRow,
    PhotoFailureCode,
    PhotoStatus,
    UploadId,
    UploadRow,
    UserId,
)
from storage.tables import avatars, photos, uploads, users
from storage.variants import MEDIA_PREFIX

COLUMNS = columns(avatars, AvatarRow)
# Below the prefix of all that is public, so that what stands in front of it needs no second rule.
PREFIX: Final = f"{MEDIA_PREFIX}avatars/"
# Edges in pixels. Of a smaller picture the last square is as large as the picture allows.
RUNGS: Final = (64, 128, 256, 512)
UPLOAD: Final = ("input", "avatarUploadId")


def key(token: str, rung: int) -> str:
    """Where a square lies in the bucket."""
    return f"{PREFIX}{token}/{rung}.webp"


def every_key(token: str) -> list[str]:
    """Wherever squares can lie with that token."""
    return [key(token, rung) for rung in RUNGS]


def fitting_key(token: str, largest: int, size: int) -> str:
    """The key of the smallest square of *size* or more, else of the largest."""
    fitting = next((rung for rung in RUNGS if rung >= size), largest)
    return key(token, min(fitting, largest))


# There are at most two of each user, and the later one comes last.
CHOSEN: Final = Read.of(
    select(*COLUMNS).where(avatars.c.user_id == any_(IDS)).order_by(avatars.c.id),
    rows_of(AvatarRow),
)


async def latest(way: Way, ids: Sequence[UserId]) -> dict[UserId, AvatarRow]:
    """What each user chose last; who has none is absent."""
    return {row.user_id: row for row in await rows(way, CHOSEN, ids=ids)}


async def choose(tx: Writing, upload: UploadRow, original_key: str) -> bool:
    """Have an upload made into its user's avatar; the one before is shown until it is ready.

    False for one that was chosen before: *original_key* is then not used, and what had failed is
    tried again. Raises Missing when the upload is gone, Conflict when it became a photo.
    """
    await accounts.require(tx, upload.user_id)
    # Who publishes the upload as a photo locks it, too.
    here = select(uploads.c.id).where(uploads.c.id == upload.id).with_for_update()
    if not await values(tx, here):
        raise Missing("there is no such upload", *UPLOAD)
    if await repeat(tx, upload):
        return False
    if await values(tx, select(photos.c.id).where(photos.c.upload_id == upload.id)):
        raise Conflict("the upload became a photo; create another one for the avatar", *UPLOAD)
    await _withdraw(tx, upload.user_id, avatars.c.status != PhotoStatus.READY)
    await jobs.make_avatar(tx, await _add(tx, upload, original_key))
    # The grant can bring the bytes back until it ends; nobody reads them any more.
    await jobs.remove_objects(tx, [upload.staging_key], after=jobs.LATE)
    return True


async def repeat(tx: Writing, upload: UploadRow) -> bool:
    """Have what failed tried again; anything else stays as it is. False if it was not chosen."""
    await accounts.require(tx, upload.user_id)
    of_upload = avatars.c.upload_id == upload.id
    first = await fetch_one(tx, select(*COLUMNS).where(of_upload), AvatarRow)
    if first is not None and first.status is PhotoStatus.FAILED:
        again = {"failure_code": None, "failure_message": None}
        trying = update(avatars).where(of_upload)
        await tx.execute(trying.values(status=PhotoStatus.PROCESSING, **again))
        await jobs.make_avatar(tx, first.id)
    return first is not None


async def withdraw(tx: Writing, user_id: UserId) -> bool:
    """Leave a user without an avatar, and remove all objects of it; False when there was none."""
    await accounts.lock(tx, user_id)
    gone = await _withdraw(tx, user_id, true())
    nothing = update(users).where(users.c.id == user_id, users.c.avatar_token.is_not(None))
    await tx.execute(nothing.values(avatar_token=None, avatar_size=None))
    return gone


async def begin_attempt(tx: Writing, id: AvatarId) -> AvatarRow | None:
    """A new attempt, which ends the right of every earlier one; None when nothing awaits squares.

    It counts as a crash until it reports back, so that a picture that kills its worker is seen.
    """
    beginning = update(avatars).where(
        avatars.c.id == id, avatars.c.status == PhotoStatus.PROCESSING
    )
    counted = {"attempt": avatars.c.attempt + 1, "crashes": avatars.c.crashes + 1}
    return await fetch_one(tx, beginning.values(counted).returning(*COLUMNS), AvatarRow)


async def give_back(tx: Writing, attempt: AvatarRow) -> None:
    """Report that the attempt stopped for a reason outside the picture; another will follow."""
    returned = update(avatars).where(_is_current(attempt))
    await tx.execute(returned.values(crashes=avatars.c.crashes - 1))


async def finish(tx: Writing, attempt: AvatarRow, largest: int) -> bool:
    """Show the squares up to that rung from now on; False when the attempt came too late.

    What was shown before is removed.
    """
    await accounts.lock(tx, attempt.user_id)
    if not await values(tx, select(avatars.c.id).where(_is_current(attempt)).with_for_update()):
        return False
    await _withdraw(tx, attempt.user_id, avatars.c.status == PhotoStatus.READY)
    ready = update(avatars).where(avatars.c.id == attempt.id)
    await tx.execute(ready.values(status=PhotoStatus.READY, crashes=0))
    showing = update(users).where(users.c.id == attempt.user_id)
    await tx.execute(showing.values(avatar_token=attempt.token, avatar_size=largest))
    return True


async def was_chosen(connection: AsyncConnection, upload_id: UploadId) -> bool:
    """Whether that upload is the avatar of its user, or will be, or failed to be."""
    of_upload = avatars.c.upload_id == upload_id
    return bool(await values(connection, select(avatars.c.id).where(of_upload)))


async def exists(connection: AsyncConnection, id: AvatarId) -> bool:
    """Whether the picture is still chosen or shown."""
    return bool(await values(connection, select(avatars.c.id).where(avatars.c.id == id)))


async def fail(tx: Writing, attempt: AvatarRow, code: PhotoFailureCode, message: str) -> None:
    """Note why there are no squares, for the user to see; what was shown before stays."""
    said = {"status": PhotoStatus.FAILED, "failure_code": code, "failure_message": message}
    await tx.execute(update(avatars).where(_is_current(attempt)).values(crashes=0, **said))


async def _add(tx: Writing, upload: UploadRow, original_key: str) -> AvatarId:
    making = insert(avatars).values(
        user_id=upload.user_id,
        upload_id=upload.id,
        status=PhotoStatus.PROCESSING,
        original_key=original_key,
        content_type=upload.content_type,
        byte_size=upload.byte_size,
        checksum_sha256=upload.checksum_sha256,
        filename=upload.filename,
        token=secrets.token_hex(16),
    )
    made: AvatarId = (await values(tx, making.returning(avatars.c.id)))[0]
    return made


async def _withdraw(tx: Writing, user_id: UserId, which: ColumnElement[bool]) -> bool:
    places = avatars.c.upload_id, avatars.c.original_key, avatars.c.token
    removing = delete(avatars).where(avatars.c.user_id == user_id, which).returning(*places)
    gone = (await tx.execute(removing)).all()
    if not gone:
        return False
    ending = delete(uploads).where(uploads.c.id.in_([upload_id for upload_id, _, _ in gone]))
    staged = await values(tx, ending.returning(uploads.c.staging_key))
    made = [key for _, original, token in gone for key in (original, *every_key(token))]
    await jobs.remove_for_good(tx, [*staged, *made])
    return True


def _is_current(attempt: AvatarRow) -> ColumnElement[bool]:
    return and_(
        avatars.c.id == attempt.id,
        avatars.c.status == PhotoStatus.PROCESSING,
        avatars.c.attempt == attempt.attempt,
    )
