"""The sizes of a photo, and the attempts at making them."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, and_, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from storage import photos as photo_rows
from storage.database import Writing, columns, fetch, fetch_one, values
from storage.rows import (
    AttemptRow,
    PhotoFailureCode,
    PhotoId,
    PhotoRow,
    PhotoStatus,
    VariantName,
    VariantRow,
)
from storage.tables import photos, variants

MEDIA_PREFIX = "media/"
# Counting this many rows takes a few milliseconds.
COUNTED_EXACTLY = 100_000


def key(media_token: str, name: VariantName) -> str:
    """Where a variant lies in the bucket; nobody finds it without the token."""
    return f"{MEDIA_PREFIX}{media_token}/{name.lower()}.webp"


def media_path(key: str) -> str:
    """The part of a variant's key that follows the base of the public addresses."""
    return key.removeprefix(MEDIA_PREFIX)


async def of_photos(
    connection: AsyncConnection, ids: Sequence[PhotoId]
) -> dict[PhotoId, list[VariantRow]]:
    """The variants of each photo, narrowest first; a photo without any is absent."""
    made = (
        select(*columns(variants, VariantRow))
        .where(variants.c.photo_id.in_(ids))
        .order_by(variants.c.width, variants.c.byte_size)
    )
    found: dict[PhotoId, list[VariantRow]] = defaultdict(list)
    for row in await fetch(connection, made, VariantRow):
        found[row.photo_id].append(row)
    return found


async def begin_attempt(tx: Writing, id: PhotoId) -> AttemptRow | None:
    """A new attempt, which ends the right of every earlier one; None when nothing awaits variants.

    It counts as a crash until it reports back, so that a picture that kills its worker is seen.
    """
    beginning = (
        update(photos)
        .where(photos.c.id == id, photos.c.status == PhotoStatus.PROCESSING)
        .values(attempt=photos.c.attempt + 1, crashes=photos.c.crashes + 1)
        .returning(photos.c.id, photos.c.attempt, photos.c.crashes, photos.c.media_token)
    )
    return await fetch_one(tx, beginning, AttemptRow)


async def give_back(tx: Writing, attempt: AttemptRow) -> bool:
    """Report that the attempt stopped for a reason outside the picture; another will follow."""
    returned = update(photos).where(_is_current(attempt)).values(crashes=photos.c.crashes - 1)
    return bool(await values(tx, returned.returning(photos.c.id)))


async def finish(
    tx: Writing,
    attempt: AttemptRow,
    made: Sequence[VariantRow],
    *,
    width: int,
    height: int,
    blurhash: str,
    dominant_color: str,
) -> bool:
    """Make the photo READY with all its variants at once; False when the attempt came too late."""
    row = await fetch_one(
        tx,
        update(photos)
        .where(_is_current(attempt))
        .values(
            status=PhotoStatus.READY,
            crashes=0,
            width=width,
            height=height,
            blurhash=blurhash,
            dominant_color=dominant_color,
        )
        .returning(*photo_rows.COLUMNS),
        PhotoRow,
    )
    if row is None:
        return False
    await tx.execute(insert(variants), [_columns_of(variant) for variant in made])
    await photo_rows.count_ready(tx, row.owner_id, row.visibility)
    return True


async def fail(tx: Writing, attempt: AttemptRow, code: PhotoFailureCode, message: str) -> bool:
    """Make the photo FAILED and tell its owner why; False when the attempt came too late."""
    failing = (
        update(photos)
        .where(_is_current(attempt))
        .values(status=PhotoStatus.FAILED, failure_code=code, failure_message=message, crashes=0)
    )
    return bool(await values(tx, failing.returning(photos.c.id)))


async def count_by_status(connection: AsyncConnection) -> dict[PhotoStatus, int]:
    """How many photos are in each state; READY is an estimate once there are very many."""
    estimate = "select reltuples::bigint from pg_class where oid = 'photos'::regclass"
    total: int = (await connection.exec_driver_sql(estimate)).scalar_one()
    by_status = select(photos.c.status, func.count()).group_by(photos.c.status)
    found: dict[PhotoStatus, int] = dict.fromkeys(PhotoStatus, 0)
    if total < COUNTED_EXACTLY:
        return found | dict((await connection.execute(by_status)).all())
    unfinished = by_status.where(photos.c.status != PhotoStatus.READY)
    found |= dict((await connection.execute(unfinished)).all())
    return found | {PhotoStatus.READY: max(0, total - sum(found.values()))}


async def oldest_unfinished(connection: AsyncConnection) -> datetime | None:
    """When the photo that has waited longest for its variants was published."""
    waiting = select(func.min(photos.c.created_at)).where(photos.c.status == PhotoStatus.PROCESSING)
    oldest: datetime | None = (await connection.execute(waiting)).scalar_one()
    return oldest


def _is_current(attempt: AttemptRow) -> ColumnElement[bool]:
    return and_(
        photos.c.id == attempt.photo_id,
        photos.c.status == PhotoStatus.PROCESSING,
        photos.c.attempt == attempt.attempt,
    )


def _columns_of(row: VariantRow) -> dict[str, object]:
    return {column.name: getattr(row, column.name) for column in variants.columns}
