"""What cameras wrote beside the pixels: kept for the owner, shown to others as far as shared."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, and_, case, false, func, literal, null, or_, select, update
from sqlalchemy.dialects.postgresql import Insert
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.database import Writing, fetch, values
from storage.rows import PhotoId, UserId
from storage.tables import photos, shots

# A camera's clock may be in another zone than it says, or in none.
_AHEAD: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Camera:
    """What a picture was taken with; None where the file does not say."""

    make: str | None = None
    model: str | None = None
    lens: str | None = None
    focal_length_mm: float | None = None
    f_number: float | None = None
    exposure_s: float | None = None
    iso: int | None = None


@dataclass(frozen=True, slots=True)
class Shot:
    """What a file says of how its picture came about."""

    taken_at: datetime | None = None
    camera: Camera = Camera()
    place: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True)
class Sharing:
    """What the owner shares from the first moment."""

    taken_at: bool = False
    camera: bool = False
    location: bool = False


@dataclass(frozen=True, slots=True)
class ShotRow:
    """What one viewer is shown of a shot."""

    photo_id: PhotoId
    shares_taken_at: bool
    shares_camera: bool
    taken_at: datetime | None
    make: str | None
    model: str | None
    lens: str | None
    focal_length_mm: float | None
    f_number: float | None
    exposure_s: float | None
    iso: int | None

    @property
    def camera(self) -> Camera:
        return Camera(**{name: getattr(self, name) for name in Camera.__slots__})


async def shown(
    connection: AsyncConnection, ids: Sequence[PhotoId], viewer: UserId | None
) -> dict[PhotoId, ShotRow]:
    """What *viewer* is shown of each: the owner everything, others what is shared.

    The caller has made sure that the viewer may see the photos.
    """
    is_own = photos.c.owner_id == viewer if viewer is not None else false()
    time = case((or_(is_own, shots.c.shares_taken_at), shots.c.taken_at), else_=null())
    gear = (
        case((or_(is_own, shots.c.shares_camera), shots.c[name]), else_=null()).label(name)
        for name in Camera.__slots__
    )
    seen = (
        select(
            shots.c.photo_id,
            shots.c.shares_taken_at,
            shots.c.shares_camera,
            time.label("taken_at"),
            *gear,
        )
        .join(photos, photos.c.id == shots.c.photo_id)
        .where(shots.c.photo_id.in_(ids))
    )
    return {row.photo_id: row for row in await fetch(connection, seen, ShotRow)}


async def begin(tx: Writing, id: PhotoId, sharing: Sharing) -> None:
    """Keep what the owner of a new photo shares; nothing is kept of one who shares nothing."""
    if sharing == Sharing():
        return
    chosen = {
        "shares_taken_at": sharing.taken_at,
        "shares_camera": sharing.camera,
        "wants_location": sharing.location,
    }
    await share(tx, id, chosen)


async def share(tx: Writing, id: PhotoId, chosen: Mapping[str, bool]) -> None:
    """Keep what an owner chose, by the names of the columns; the caller has locked the photo."""
    if chosen:
        await tx.execute(_kept(id, chosen))


async def note(tx: Writing, id: PhotoId, shot: Shot) -> None:
    """Keep what was read from a file; where it was taken, only if that is wanted.

    A place that the owner has named meanwhile stays. The caller has locked the photo.
    """
    if shot == Shot():
        return
    read = {**asdict(shot.camera), "taken_at": _possible(shot.taken_at)}
    await tx.execute(_kept(id, read))
    if shot.place is None:
        return
    wanting = update(shots).where(shots.c.photo_id == id, shots.c.wants_location)
    fulfilled = wanting.values(wants_location=False).returning(shots.c.photo_id)
    if await values(tx, fulfilled):
        latitude, longitude = shot.place
        nowhere = and_(photos.c.id == id, photos.c.latitude.is_(None))
        locating = update(photos).where(nowhere)
        await tx.execute(locating.values(latitude=latitude, longitude=longitude))


def _kept(id: PhotoId, known: Mapping[str, object]) -> Insert:
    adding = upsert(shots).values(photo_id=id, **known)
    return adding.on_conflict_do_update(index_elements=["photo_id"], set_=known)


def _possible(at: datetime | None) -> ColumnElement[Any]:
    """The time, unless it has not come yet."""
    if at is None:
        return null()
    return case((literal(at) <= func.now() + literal(_AHEAD), literal(at)), else_=null())
