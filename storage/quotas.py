"""How much each user may keep: photos, and the bytes of their originals.

What a photo holds is counted on its owner's row. An upload that is promised and can still arrive
holds its share, too, until it becomes a photo or ends.
"""

from dataclasses import dataclass
from typing import Final

from sqlalchemy import BigInteger, cast, func, select, true
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.database import Writing, fetch_one
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


async def usage(connection: AsyncConnection, user_id: UserId) -> Usage:
    """How much of their quota a user has taken."""
    is_photo = select(photos.c.id).where(photos.c.upload_id == uploads.c.id).exists()
    is_avatar = select(avatars.c.id).where(avatars.c.upload_id == uploads.c.id).exists()
    size = cast(func.coalesce(func.sum(uploads.c.byte_size), 0), BigInteger)
    promised = (
        select(func.count().label("uploads"), size.label("byte_size"))
        .where(uploads.c.user_id == user_id, uploads.c.expires_at > func.now())
        .where(~is_photo, ~is_avatar)
        .subquery("promised")
    )
    taken = select(
        users.c.own_photo_count,
        users.c.own_byte_size,
        promised.c.uploads,
        promised.c.byte_size,
    )
    kept = taken.select_from(users).join(promised, true()).where(users.c.id == user_id)
    return await fetch_one(connection, kept, Usage) or Usage(0, 0, 0, 0)


async def require(
    tx: Writing, user_id: UserId, quota: Quota, *, byte_size: int, path: tuple[str, ...]
) -> None:
    """Raises QuotaExceeded when what was just written, of *byte_size*, takes more than is left.

    It is asked for after the writing, when the user's row is locked: of several at once each sees
    those before it. That row comes last in the order in which all lock.
    """
    if not (quota.photos or quota.byte_size):
        return
    own = select(users.c.id).where(users.c.id == user_id)
    await tx.execute(own.with_for_update(key_share=True))
    # A statement of its own: one that waits for a lock goes on with what it saw before.
    taken = await usage(tx, user_id)
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
