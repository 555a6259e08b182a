"""Whose photo is next: everybody has a photo made before anybody has a second one made.

A photo's turn is the turn at the head of the queue, and one more for each photo of the same owner
that waits already. So whoever comes alone comes first, and two who bring thousands take turns.
That is start-time fair queueing (Goyal, Vin, Cheng, SIGCOMM 1996) with photos for packets.
"""

from typing import Final

from sqlalchemy import text

from storage.database import Writing
from storage.rows import PhotoId

# Whoever brings more than this at once has their later photos made in the order they came.
MOST: Final = 10_000

_TURN: Final = text(
    """
    select
        coalesce((
            select greatest(-priority, 0) from pgqueuer
            where entrypoint = 'make_variants' and status = 'queued'
            order by priority desc limit 1
        ), 0)
        + (
            select count(*) from (
                select from photos
                where owner_id = (select owner_id from photos where id = :id)
                    and status = 'PROCESSING' and id <> :id
                    and not exists (select from holds where holds.photo_id = photos.id)
                limit :most
            ) as others
        )
    """
)


async def of_photo(tx: Writing, id: PhotoId) -> int:
    """The turn in which a photo is to be made, counted from 0."""
    turn: int = (await tx.execute(_TURN, {"id": id, "most": MOST})).scalar_one()
    return turn
