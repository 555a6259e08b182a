"""Where the variants of a photo lie: for everybody or behind a signature, as its audience is.

A move copies them to new keys, so that nobody who knew the old ones still reaches them. Each
takes a token of its own: what it has written is of use to nobody else, and only the latest may
say that the variants lie there.
"""

import secrets
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from storage import jobs, replaced
from storage.database import Writing, fetch, fetch_one, values
from storage.pages import newest_first
from storage.rows import (
    Cursor,
    PageRequest,
    PhotoId,
    PhotoStatus,
    UserId,
    VariantRow,
)
from storage.tables import photos, users, variants
from storage.variants import (
    MEDIA_PREFIX,
    every_key,
    is_for_everybody,
    key,
    lies_in_public,
    of_photos,
    token_of,
)
from storage.visibility import is_public

# Signed addresses that were handed out before a photo became public are good until they expire.
LINGERING = timedelta(minutes=20)


@dataclass(frozen=True, slots=True)
class Move:
    """Variants that lie where their audience does not belong, and the place they are brought to."""

    photo_id: PhotoId
    token: str
    is_public: bool
    moved: list[VariantRow]

    def target(self, row: VariantRow) -> str:
        """The new key of a variant."""
        return key(self.token, row.name, row.content_type, is_public=self.is_public)


@dataclass(frozen=True, slots=True)
class _Place:
    token: str
    is_public: bool


async def begin(tx: Writing, id: PhotoId) -> Move | None:
    """The move that a photo needs, which ends the right of every earlier one; None for no move."""
    wanted = await _wanted(tx, id)
    rows = (await of_photos(tx, [id])).get(id)
    if wanted is None or not rows:
        return None
    token = token_of(rows[0].key)
    if wanted.token != token:
        # An earlier move did not come to its end.
        await jobs.remove_objects(tx, every_key(wanted.token))
    if lies_in_public(rows[0].key) == wanted.is_public:
        await _take(tx, id, token)
        return None
    fresh = secrets.token_hex(16)
    await _take(tx, id, fresh)
    return Move(id, fresh, wanted.is_public, rows)


async def finish(tx: Writing, move: Move) -> bool:
    """Let the variants lie where they were copied to; False when the move came too late.

    The objects at the old keys are removed after that.
    """
    current = select(photos.c.owner_id).where(
        photos.c.id == move.photo_id, photos.c.media_token == move.token
    )
    owner = await values(tx, current.with_for_update(key_share=True))
    # An account that changes its audience waits until the variants lie where they will.
    await tx.execute(select(users.c.id).where(users.c.id.in_(owner)).with_for_update(read=True))
    if not owner or await is_for_everybody(tx, move.photo_id) != move.is_public:
        return False
    for row in move.moved:
        of_row = variants.c.key == row.key
        await tx.execute(update(variants).where(of_row).values(key=move.target(row)))
    old = [row.key for row in move.moved]
    await jobs.remove_objects(tx, old, after=LINGERING if move.is_public else None)
    if not move.is_public:
        await replaced.withdraw(tx, [move.photo_id])
    return True


async def misplaced(
    connection: AsyncConnection, owner: UserId, request: PageRequest
) -> list[Cursor]:
    """A page of a user's photos whose variants do not lie where their audience is, newest first."""
    # The variants of one photo lie together: any of them tells where.
    lies = select(variants.c.key.startswith(MEDIA_PREFIX)).where(variants.c.photo_id == photos.c.id)
    listed = select(photos.c.created_at, photos.c.id).where(
        photos.c.owner_id == owner,
        photos.c.status == PhotoStatus.READY,
        lies.limit(1).scalar_subquery() != is_public(),
    )
    statement = newest_first(listed, photos.c.created_at, photos.c.id, request)
    return await fetch(connection, statement, Cursor)


async def _wanted(tx: Writing, id: PhotoId) -> _Place | None:
    at = select(photos.c.media_token, is_public()).where(photos.c.id == id)
    return await fetch_one(tx, at.with_for_update(key_share=True, of=photos), _Place)


async def _take(tx: Writing, id: PhotoId, token: str) -> None:
    taken = photos.c.media_token == token
    await tx.execute(update(photos).where(photos.c.id == id, ~taken).values(media_token=token))
