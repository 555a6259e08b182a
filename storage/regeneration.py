"""Making the variants of many photos anew, while the old ones are served.

The photos are taken up some at a time, by their ids: how far that has come is kept, and so is each
photo that was taken up until it is done (storage/remakings.py).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    and_,
    delete,
    func,
    literal,
    select,
    true,
    update,
)
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from storage import jobs
from storage.database import Writing, columns, fetch, fetch_one, values
from storage.refusals import Conflict
from storage.rows import PhotoId, PhotoStatus, VariantName
from storage.tables import photos, regenerations, remakings

# So many photos are taken up at once, and when half of them are done, so many more.
BATCH: Final = 50
TOLD: Final = 20


@dataclass(frozen=True, slots=True)
class Selection:
    """What is made anew: all sizes of all photos, but for what is narrowed."""

    only_size: VariantName | None = None
    photo_id: PhotoId | None = None
    since: datetime | None = None


@dataclass(frozen=True, slots=True)
class Regeneration:
    """A wish to have variants made anew, and how far that has come."""

    id: UUID
    only_size: VariantName | None
    photo_id: PhotoId | None
    since: datetime | None
    total: int
    listed: int
    made: int
    failed: int
    ended_at: datetime | None
    is_cancelled: bool


@dataclass(frozen=True, slots=True)
class Failure:
    """A photo that keeps its old variants, and why."""

    photo_id: PhotoId
    code: str
    message: str


COLUMNS = columns(regenerations, Regeneration)


async def begin(tx: Writing, selection: Selection) -> Regeneration:
    """Have variants made anew. Raises Conflict while others are."""
    wanted = _wanted(selection.photo_id, selection.since, None)
    total = (await values(tx, select(func.count()).select_from(photos).where(wanted)))[0]
    beginning = upsert(regenerations).values(
        only_size=selection.only_size,
        photo_id=selection.photo_id,
        since=selection.since,
        total=total,
    )
    begun = beginning.on_conflict_do_nothing().returning(*COLUMNS)
    row = await fetch_one(tx, begun, Regeneration)
    if row is None:
        raise Conflict("variants are being made anew already")
    await jobs.regenerate(tx, row.id)
    return row


async def running(connection: AsyncConnection) -> Regeneration | None:
    """The one that has not ended."""
    return await fetch_one(
        connection, select(*COLUMNS).where(regenerations.c.ended_at.is_(None)), Regeneration
    )


async def by_id(connection: AsyncConnection, id: UUID) -> Regeneration | None:
    """How far that one has come."""
    return await fetch_one(
        connection, select(*COLUMNS).where(regenerations.c.id == id), Regeneration
    )


async def failures(connection: AsyncConnection, id: UUID) -> list[Failure]:
    """Some photos whose variants could not be made anew."""
    why = remakings.c.photo_id, remakings.c.failure_code, remakings.c.failure_message
    failed = select(*why).where(
        remakings.c.regeneration_id == id, remakings.c.failure_code.is_not(None)
    )
    return await fetch(connection, failed.order_by(remakings.c.photo_id).limit(TOLD), Failure)


async def cancel(tx: Writing) -> bool:
    """Begin with no further photo; False when nothing was under way."""
    ending = update(regenerations).where(regenerations.c.ended_at.is_(None))
    ended = ending.values(ended_at=func.now(), is_cancelled=True).returning(regenerations.c.id)
    ids = await values(tx, ended)
    open_ones = remakings.c.regeneration_id.in_(ids), remakings.c.failure_code.is_(None)
    # What an attempt has written belongs to nobody then, and a sweep finds it.
    await tx.execute(delete(remakings).where(*open_ones))
    return bool(ids)


async def take_up(tx: Writing, id: UUID) -> bool:
    """Take up some more photos if few are left of those before; False once all are done.

    Call it again and again: how many are under way is bounded.
    """
    locked = select(*COLUMNS, regenerations.c.place, regenerations.c.until)
    found = await tx.execute(
        locked.where(regenerations.c.id == id, regenerations.c.ended_at.is_(None)).with_for_update()
    )
    row = found.first()
    if row is None:
        return False
    under_way = remakings.c.regeneration_id == id, remakings.c.failure_code.is_(None)
    left = (await values(tx, select(func.count()).select_from(remakings).where(*under_way)))[0]
    if left > BATCH // 2:
        return True
    wanted = _wanted(row.photo_id, row.since, row.until)
    behind = photos.c.id > row.place if row.place is not None else true()
    some = select(photos.c.id).where(wanted, behind).order_by(photos.c.id).limit(BATCH)
    ids = await values(tx, some)
    change = update(regenerations).where(regenerations.c.id == id)
    if ids:
        await _add(tx, id, ids)
        listed = regenerations.c.listed + len(ids)
        await tx.execute(change.values(place=ids[-1], listed=listed))
    elif not left:
        await tx.execute(change.values(ended_at=func.now()))
    return bool(ids or left)


async def _add(tx: Writing, id: UUID, ids: Sequence[PhotoId]) -> None:
    # One that is deleted at this moment must not come into it.
    still_there = select(photos.c.id, literal(id)).where(photos.c.id.in_(ids))
    locked = still_there.with_for_update(read=True, key_share=True)
    adding = upsert(remakings).from_select(["photo_id", "regeneration_id"], locked)
    again = {"regeneration_id": id, "failure_code": None, "failure_message": None, "crashes": 0}
    await tx.execute(adding.on_conflict_do_update(index_elements=["photo_id"], set_=again))
    await jobs.remake_variants(tx, ids)


def _wanted(
    photo_id: PhotoId | None, since: datetime | None, until: datetime | None
) -> ColumnElement[bool]:
    narrowed = [
        photos.c.id == photo_id if photo_id is not None else true(),
        photos.c.created_at >= since if since is not None else true(),
        # Those published later are made by whatever makes these anew.
        photos.c.created_at <= (func.now() if until is None else literal(until)),
    ]
    return and_(photos.c.status == PhotoStatus.READY, *narrowed)
