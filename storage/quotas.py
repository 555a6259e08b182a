"""How much each user may keep: photos, and the bytes of their originals.

What a photo holds is counted on its owner's row. An upload that is promised and can still arrive
holds its share, too, until it becomes a photo or ends.
"""

from dataclasses import dataclass
from typing import Final

from sqlalchemy import BigInteger, Uuid, cast, func, select, true

from storage import reads, writes
from storage.database import Way, Writing
from storage.reads import Read, first, rows_of, value
from storage.refusals import QuotaExceeded
from storage.rows import UserId
from storage.tables import avatars, photos, uploads, users


@dataclass(frozen=True, slots=True)
class Quota:
    """The most that one user may keep; 0 is no limit."""

    photos: int
    byte_size: int


@dataclass(frozen=True, slots=True)
class Usage:
    """What a user's photos hold, and what uploads that are promised hold besides."""

    photos: int
    byte_size: int
    promised_photos: int
    promised_bytes: int


UNLIMITED: Final = Quota(0, 0)


_USER: Final = value("user", Uuid())


def _usage() -> Read[Usage]:
    is_photo = select(photos.c.id).where(photos.c.upload_id == uploads.c.id).exists()
    is_avatar = select(avatars.c.id).where(avatars.c.upload_id == uploads.c.id).exists()
    size = cast(func.coalesce(func.sum(uploads.c.byte_size), 0), BigInteger)
    promised = (
        select(func.count().label("uploads"), size.label("byte_size"))
        .where(uploads.c.user_id == _USER, uploads.c.expires_at > func.now())
        .where(~is_photo, ~is_avatar)
        .subquery("promised")
    )
    taken = select(
        users.c.own_photo_count,
        users.c.own_byte_size,
        promised.c.uploads,
        promised.c.byte_size,
    )
    kept = taken.select_from(users).join(promised, true()).where(users.c.id == _USER)
    return Read.of(kept, rows_of(Usage))


_USAGE: Final = _usage()
_LOCK: Final = Read.of(
    select(users.c.id).where(users.c.id == _USER).with_for_update(key_share=True), first
)


async def usage(way: Way, user_id: UserId) -> Usage:
    """How much of their quota a user has taken."""
    return _only(await reads.rows(way, _USAGE, user=user_id))


def _only(found: list[Usage]) -> Usage:
    return found[0] if found else Usage(0, 0, 0, 0)


async def require(
    tx: Writing,
    user_id: UserId,
    quota: Quota,
    *,
    byte_size: int,
    path: tuple[str, ...],
    is_locked: bool = False,
) -> None:
    """Raises QuotaExceeded when what was just written, of *byte_size*, takes more than is left.

    It is asked for after the writing, when the user's row is locked: of several at once each sees
    those before it. That row comes last in the order in which all lock; *is_locked* where it is
    already, as by counting a photo.
    """
    if not (quota.photos or quota.byte_size):
        return
    if not is_locked:
        await writes.rows(tx, _LOCK, user=user_id)
    # A statement of its own: one that waits for a lock goes on with what it saw before.
    taken = _only(await writes.rows(tx, _USAGE, user=user_id))
    photo_count, total = (
        taken.photos + taken.promised_photos,
        taken.byte_size + taken.promised_bytes,
    )
    if quota.photos and photo_count > quota.photos:
        raise _exceeded("photos", quota.photos, photo_count - 1, 1, path)
    if quota.byte_size and total > quota.byte_size:
        raise _exceeded("bytes", quota.byte_size, total - byte_size, byte_size, path)


def _exceeded(what: str, limit: int, used: int, asked: int, path: tuple[str, ...]) -> QuotaExceeded:
    return QuotaExceeded(
        f"{used:,} of {limit:,} {what} are taken, promised uploads among them, and this asks for "
        f"{asked:,} more; delete photos or abort uploads first",
        *path,
    )
