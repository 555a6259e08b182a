"""Variants that others took the place of.

Pages that were shown before point to them still, so they stay for a while; but not once their
photo is deleted, or no longer for everybody.
"""

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import delete, func, insert, literal

from storage import jobs
from storage.database import Writing, values
from storage.rows import PhotoId
from storage.tables import replaced_variants


async def add(tx: Writing, id: PhotoId, keys: Sequence[str], kept: timedelta) -> None:
    """Have objects removed when that time is over; until then they can be read as before."""
    if keys:
        over_at = func.now() + literal(kept)
        rows = [{"key": key, "photo_id": id, "removable_at": over_at} for key in keys]
        await tx.execute(insert(replaced_variants).values(rows))


async def withdraw(tx: Writing, ids: Sequence[PhotoId]) -> None:
    """Have whatever is kept of these photos removed at once."""
    of_photos = replaced_variants.c.photo_id.in_(ids)
    gone = delete(replaced_variants).where(of_photos).returning(replaced_variants.c.key)
    keys = await values(tx, gone)
    if keys:
        await jobs.remove_objects(tx, keys)
