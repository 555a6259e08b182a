"""Attempts at making the variants of a photo anew.

An attempt writes under a token of its own, and one transaction lets all its variants take the
place of the old ones, unless another attempt has begun or the photo's audience has changed
meanwhile.
"""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Column, ColumnElement, and_, delete, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from storage import jobs, replaced
from storage.database import Writing, fetch_one, values
from storage.moves import LINGERING
from storage.rows import PhotoFailureCode, PhotoId, PhotoStatus, VariantName, VariantRow
from storage.tables import photos, regenerations, remakings, users, variants
from storage.variants import (
    every_key,
    is_for_everybody,
    lies_in_public,
    of_photos,
    record,
    token_of,
)
from storage.visibility import is_public


@dataclass(frozen=True, slots=True)
class Remaking:
    """An attempt at making the variants of a photo anew."""

    photo_id: PhotoId
    regeneration_id: UUID
    token: str
    attempt: int
    crashes: int
    is_public: bool
    only_size: VariantName | None


async def begin_attempt(tx: Writing, id: PhotoId) -> Remaking | None:
    """A new attempt, which ends the right of every earlier one; None when none is needed.

    It counts as a crash until it reports back, so that a picture that kills its worker is seen.
    """
    open_one = remakings.c.photo_id == id, remakings.c.failure_code.is_(None)
    waiting = select(remakings.c.token).where(*open_one).with_for_update()
    before = await values(tx, waiting)
    if not before:
        return None
    if before[0] is not None:
        await jobs.remove_objects(tx, every_key(before[0]))
    beginning = (
        update(remakings)
        .where(*open_one, photos.c.id == remakings.c.photo_id)
        .where(photos.c.status == PhotoStatus.READY)
        .where(regenerations.c.id == remakings.c.regeneration_id)
        .values(
            token=secrets.token_hex(16),
            attempt=remakings.c.attempt + 1,
            crashes=remakings.c.crashes + 1,
        )
        .returning(
            remakings.c.photo_id,
            remakings.c.regeneration_id,
            remakings.c.token,
            remakings.c.attempt,
            remakings.c.crashes,
            is_public(),
            regenerations.c.only_size,
        )
    )
    attempt = await fetch_one(tx, beginning, Remaking)
    if attempt is None:
        # Whatever makes the photo READY again makes its variants.
        await tx.execute(delete(remakings).where(*open_one))
    return attempt


async def give_back(tx: Writing, attempt: Remaking) -> None:
    """Report that the attempt stopped for a reason outside the picture; another will follow."""
    returned = update(remakings).where(_is_current(attempt))
    await tx.execute(returned.values(crashes=remakings.c.crashes - 1))


async def fail(tx: Writing, attempt: Remaking, code: PhotoFailureCode, message: str) -> None:
    """Leave the photo as it is, and note why."""
    failing = update(remakings).where(_is_current(attempt))
    failed = failing.values(failure_code=code, failure_message=message, crashes=0)
    if await values(tx, failed.returning(remakings.c.photo_id)):
        # An attempt can have written some before it failed.
        await jobs.remove_objects(tx, every_key(attempt.token))
        await _count(tx, attempt, regenerations.c.failed)


async def finish(
    tx: Writing,
    attempt: Remaking,
    made: Sequence[VariantRow],
    *,
    blurhash: str,
    dominant_color: str,
    kept: timedelta,
) -> bool:
    """Let *made* take the place of all variants of the photo at once; False when it is too late.

    The old objects stay readable for the time *kept*, as far as their readers may have them.
    """
    here = select(photos.c.owner_id, photos.c.media_token).where(
        photos.c.id == attempt.photo_id, photos.c.status == PhotoStatus.READY
    )
    row = (await tx.execute(here.with_for_update(key_share=True))).first()
    if row is None:
        return False
    # An account that changes its audience waits until the variants lie where they will.
    await tx.execute(
        select(users.c.id).where(users.c.id == row.owner_id).with_for_update(read=True)
    )
    if await is_for_everybody(tx, attempt.photo_id) != attempt.is_public:
        return False
    taken = delete(remakings).where(_is_current(attempt)).returning(remakings.c.photo_id)
    if not await values(tx, taken):
        return False
    await _replace(tx, attempt, made, row.media_token, kept)
    new = {"media_token": attempt.token, "blurhash": blurhash, "dominant_color": dominant_color}
    await tx.execute(update(photos).where(photos.c.id == attempt.photo_id).values(new))
    await _count(tx, attempt, regenerations.c.made)
    return True


async def is_open(connection: AsyncConnection, id: PhotoId) -> bool:
    """Whether the variants of that photo are still to be made anew."""
    open_one = remakings.c.photo_id == id, remakings.c.failure_code.is_(None)
    return bool(await values(connection, select(remakings.c.photo_id).where(*open_one)))


async def _replace(
    tx: Writing, attempt: Remaking, made: Sequence[VariantRow], media_token: str, kept: timedelta
) -> None:
    old = [row.key for row in (await of_photos(tx, [attempt.photo_id])).get(attempt.photo_id, [])]
    await tx.execute(delete(variants).where(variants.c.photo_id == attempt.photo_id))
    await record(tx, attempt.photo_id, made)
    public = [key for key in old if lies_in_public(key)]
    restricted = [key for key in old if not lies_in_public(key)]
    at_once = []
    if attempt.is_public:
        await replaced.add(tx, attempt.photo_id, public, kept)
    else:
        # Who knew these addresses is no longer to have the photo.
        await replaced.withdraw(tx, [attempt.photo_id])
        at_once += public
    await replaced.add(tx, attempt.photo_id, restricted, LINGERING)
    if media_token not in {token_of(key) for key in old}:
        # A move to there was under way, and it comes too late now.
        at_once += every_key(media_token)
    if at_once:
        await jobs.remove_objects(tx, at_once)


async def _count(tx: Writing, attempt: Remaking, counter: Column[Any]) -> None:
    counting = update(regenerations).where(regenerations.c.id == attempt.regeneration_id)
    await tx.execute(counting.values({counter: counter + 1}))


def _is_current(attempt: Remaking) -> ColumnElement[bool]:
    return and_(
        remakings.c.photo_id == attempt.photo_id,
        remakings.c.attempt == attempt.attempt,
        remakings.c.token == attempt.token,
        remakings.c.failure_code.is_(None),
    )
