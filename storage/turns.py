"""Whose photo is next: everybody has a photo made before anybody has a second one made.

A photo's turn is the one at the head of the queue, or the one after the last of the same owner
that waits already. So whoever comes alone comes first, and two who bring thousands take turns.
That is start-time fair queueing (Goyal, Vin, Cheng, SIGCOMM 1996) with photos for packets.
"""

from typing import Final

from storage import writes
from storage.database import Writing
from storage.reads import Read, first
from storage.rows import PhotoId

# Of so many of the owner's newest photos one is the last in turn: what is tried again is older.
NEWEST: Final = 16

# The offset keeps the look for a job one of its own: joined, a plan made while the queue was empty
# reads all of it for each photo.
TURN: Final = Read(
    """
    select greatest(
        0,
        (
            select -priority from pgqueuer
            where entrypoint = 'make_variants' and status = 'queued'
            order by priority desc limit 1
        ),
        (
            select 1 - min(job.priority) from (
                select id from photos
                where owner_id = (select owner_id from photos where id = $1)
                    and status = 'PROCESSING' and id <> $1
                    and not exists (select from holds where holds.photo_id = photos.id)
                order by id desc limit $2
            ) as mine
            cross join lateral (
                select priority from pgqueuer
                where payload = uuid_send(mine.id)
                    and entrypoint = 'make_variants' and status = 'queued'
                offset 0
            ) as job
        )
    )
    """,
    ("id", "newest"),
    first,
)


async def of_photo(tx: Writing, id: PhotoId) -> int:
    """The turn in which a photo is to be made, counted from 0."""
    [turn] = await writes.rows(tx, TURN, id=id, newest=NEWEST)
    return int(turn)
