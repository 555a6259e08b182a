"""The sizes of a photo, and the attempts at making them."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, and_, any_, exists, func, insert, select, update
from sqlalchemy.dialects.postgresql import aggregate_order_by
from sqlalchemy.ext.asyncio import AsyncConnection

from storage import events, jobs, shots
from storage import photos as photo_rows
from storage.along import array_of
from storage.database import Way, Writing, columns, fetch_one, values
from storage.edges import Edge
from storage.reads import IDS, Read, rows, rows_of
from storage.rows import (
    AttemptRow,
    PhotoFailureCode,
    PhotoId,
    PhotoRow,
    PhotoStatus,
    VariantName,
    VariantRow,
)
from storage.shots import Shot
from storage.tables import holds, photos, variants
from storage.visibility import is_public

# What anyone may read who knows the key, and what is reached by signed addresses only.
MEDIA_PREFIX = "media/"
RESTRICTED_PREFIX = "restricted/"
# Counting this many rows takes a few milliseconds.
COUNTED_EXACTLY = 100_000
_BOTH = (True, False)


class VariantFormat(StrEnum):
    """What variants are made as."""

    WEBP = "image/webp"
    JPEG = "image/jpeg"


ENDINGS: Final = {VariantFormat.WEBP: "webp", VariantFormat.JPEG: "jpg"}


def key(
    media_token: str,
    name: VariantName,
    content_type: str = VariantFormat.WEBP,
    *,
    is_public: bool = True,
) -> str:
    """Where a variant lies in the bucket; nobody finds it without the token."""
    prefix = MEDIA_PREFIX if is_public else RESTRICTED_PREFIX
    return f"{prefix}{media_token}/{name.lower()}.{ENDINGS[VariantFormat(content_type)]}"


def every_key(media_token: str) -> list[str]:
    """Wherever variants can lie with that token."""
    return [
        key(media_token, name, each, is_public=either)
        for name in VariantName
        for each in VariantFormat
        for either in _BOTH
    ]


def token_of(key: str) -> str:
    """The token in a variant's key."""
    return media_path(key).partition("/")[0]


def lies_in_public(key: str) -> bool:
    """Whether anyone who knows a variant's key may read it."""
    return key.startswith(MEDIA_PREFIX)


def media_path(key: str) -> str:
    """The part of a variant's key that follows the base of its addresses."""
    return key.partition("/")[2]


COLUMNS: Final = columns(variants, VariantRow)
# Of a small picture some sizes are the same; these come in the order of their names.
_NARROWEST_FIRST: Final = (variants.c.width, variants.c.byte_size, variants.c.name.desc())
_MADE: Final = (
    select(variants.c.photo_id, *COLUMNS)
    .where(variants.c.photo_id == any_(IDS))
    .order_by(*_NARROWEST_FIRST)
)
_ROW: Final = rows_of(VariantRow, after=1)


def _read(statement: Select[Any]) -> Read[tuple[PhotoId, VariantRow]]:
    return Read.of(statement, lambda record: (record[0], _ROW(record)))


OF_PHOTOS: Final[dict[VariantFormat | None, Read[tuple[PhotoId, VariantRow]]]] = {
    None: _read(_MADE),
    **{each: _read(_MADE.where(variants.c.content_type == each.value)) for each in VariantFormat},
}


async def of_photos(
    way: Way, ids: Sequence[PhotoId], only: VariantFormat | None = None
) -> dict[PhotoId, list[VariantRow]]:
    """The variants of each photo, narrowest first; a photo without any is absent."""
    found: dict[PhotoId, list[VariantRow]] = defaultdict(list)
    for id, row in await rows(way, OF_PHOTOS[only], ids=ids):
        found[id].append(row)
    return found


def _listed(photo_id: ColumnElement[Any], _viewer: object) -> Select[Any]:
    all_of_them = aggregate_order_by(array_of(COLUMNS), *_NARROWEST_FIRST)
    return select(func.json_agg(all_of_them)).where(
        variants.c.photo_id == photo_id, variants.c.content_type == VariantFormat.WEBP.value
    )


# The WebP variants of the photo whose id an entry has.
ALONG: Final = Edge("variants", _listed, list[VariantRow] | None)


async def begin_attempt(tx: Writing, id: PhotoId) -> AttemptRow | None:
    """A new attempt, which ends the right of every earlier one; None when nothing awaits variants.

    It counts as a crash until it reports back, so that a picture that kills its worker is seen.
    """
    beginning = (
        update(photos)
        .where(photos.c.id == id, photos.c.status == PhotoStatus.PROCESSING, ~is_held())
        .values(attempt=photos.c.attempt + 1, crashes=photos.c.crashes + 1)
        .returning(
            photos.c.id, photos.c.attempt, photos.c.crashes, photos.c.media_token, is_public()
        )
    )
    return await fetch_one(tx, beginning, AttemptRow)


async def give_back(tx: Writing, attempt: AttemptRow) -> bool:
    """Report that the attempt stopped for a reason outside the picture; another will follow."""
    returned = update(photos).where(is_current(attempt)).values(crashes=photos.c.crashes - 1)
    return bool(await values(tx, returned.returning(photos.c.id)))


async def may_finish(connection: AsyncConnection, attempt: AttemptRow) -> bool:
    """Whether the attempt is still the newest, and its photo still awaits variants."""
    return bool(await values(connection, select(photos.c.id).where(is_current(attempt))))


async def record(tx: Writing, id: PhotoId, made: Sequence[VariantRow]) -> None:
    """Say which variants a photo has, whose bytes are in the store."""
    await tx.execute(insert(variants), [{"photo_id": id} | row._asdict() for row in made])


async def finish(
    tx: Writing,
    attempt: AttemptRow,
    made: Sequence[VariantRow],
    *,
    width: int,
    height: int,
    blurhash: str,
    dominant_color: str,
    shot: Shot | None = None,
) -> bool:
    """Make the photo READY with all its variants at once; False when the attempt came too late.

    Variants that were made for an audience that has changed meanwhile will be moved.
    """
    row = await fetch_one(
        tx,
        update(photos)
        .where(is_current(attempt))
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
    await record(tx, row.id, made)
    await shots.note(tx, row.id, shot or Shot())
    await photo_rows.count(tx, row._replace(status=PhotoStatus.PROCESSING), row)
    if attempt.attempt > 1:
        # An earlier attempt may have written for another audience.
        here = {variant.key for variant in made}
        elsewhere = [key for key in every_key(attempt.media_token) if key not in here]
        await jobs.remove_objects(tx, elsewhere)
    # The count has locked the owner's row: an account that becomes private meanwhile waits, and
    # finds these variants when it has theirs moved.
    if await is_for_everybody(tx, row.id) != attempt.is_public:
        await jobs.move_variants(tx, row.id)
    await events.photo_changed(tx, row.id)
    return True


def is_held() -> ColumnElement[bool]:
    """True for photos that have everything but a verdict."""
    return exists(select(1).where(holds.c.photo_id == photos.c.id).correlate_except(holds))


async def is_for_everybody(connection: AsyncConnection, id: PhotoId) -> bool:
    """Whether anyone may have the bytes of a photo."""
    return bool(await values(connection, select(photos.c.id).where(photos.c.id == id, is_public())))


async def unclaimed(connection: AsyncConnection, id: PhotoId, keys: Sequence[str]) -> list[str]:
    """The keys among *keys* that no variant of the photo will ever have.

    None as long as the photo awaits variants, for another attempt writes to the same keys.
    """
    awaits = select(photos.c.id).where(photos.c.id == id, photos.c.status != PhotoStatus.READY)
    if await values(connection, awaits):
        return []
    claimed = await values(connection, select(variants.c.key).where(variants.c.photo_id == id))
    return [key for key in keys if key not in claimed]


async def fail(tx: Writing, attempt: AttemptRow, code: PhotoFailureCode, message: str) -> bool:
    """Make the photo FAILED and tell its owner why; False when the attempt came too late."""
    failing = (
        update(photos)
        .where(is_current(attempt))
        .values(status=PhotoStatus.FAILED, failure_code=code, failure_message=message, crashes=0)
    )
    if not await values(tx, failing.returning(photos.c.id)):
        return False
    await events.photo_changed(tx, attempt.photo_id)
    return True


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
    waiting = select(func.min(photos.c.created_at)).where(
        photos.c.status == PhotoStatus.PROCESSING, ~is_held()
    )
    oldest: datetime | None = (await connection.execute(waiting)).scalar_one()
    return oldest


def is_current(attempt: AttemptRow) -> ColumnElement[bool]:
    """True for the photo of that attempt, as long as the attempt may finish it."""
    return and_(
        photos.c.id == attempt.photo_id,
        photos.c.status == PhotoStatus.PROCESSING,
        photos.c.attempt == attempt.attempt,
    )
