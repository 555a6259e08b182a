"""Keeps the objects of photos where they belong: moves variants, removes what is left over."""

from collections.abc import AsyncIterator, Sequence
from typing import Final

import structlog

from storage import moves
from storage.database import Database
from storage.moves import Move
from storage.objects import ObjectMissing, Objects, StoreUnavailable
from storage.reached import Unavailable
from storage.rows import PageRequest, PhotoId, UserId
from storage.uploads import STAGING_PREFIX
from workers.outcomes import Outcome

log = structlog.get_logger("media")

BATCH: Final = 100


async def move(database: Database, objects: Objects, id: PhotoId) -> Outcome:
    """Bring the variants of a photo to where its audience reaches them, and nobody else.

    Broken off anywhere and run again, it does the same: the rows speak of the old objects until
    all new ones are there, and what nothing speaks of is removed.
    """
    try:
        return await _move(database, objects, id)
    except (StoreUnavailable, Unavailable) as error:
        log.warning("dependency failed", error=str(error))
        return Outcome.AGAIN


async def move_all(database: Database, objects: Objects, owner: UserId) -> Outcome:
    """Like `move`, for every photo of a user that needs it, newest first.

    What is done is done: run again, it goes on where it was broken off.
    """
    try:
        outcomes = {await _move(database, objects, id) async for id in _misplaced(database, owner)}
    except (StoreUnavailable, Unavailable) as error:
        log.warning("dependency failed", error=str(error))
        return Outcome.AGAIN
    return Outcome.AGAIN if Outcome.AGAIN in outcomes else Outcome.DONE


async def remove(objects: Objects, keys: Sequence[str]) -> Outcome:
    """Remove objects; those that are not there are removed already."""
    try:
        for key in keys:
            # Only what clients send comes in parts, and only there some may be left over.
            remove_one = objects.discard if key.startswith(STAGING_PREFIX) else objects.delete
            await remove_one(key)
    except StoreUnavailable as error:
        log.warning("dependency failed", error=str(error))
        return Outcome.AGAIN
    return Outcome.DONE


async def _misplaced(database: Database, owner: UserId) -> AsyncIterator[PhotoId]:
    after = None
    while True:
        async with database.connect() as connection:
            places = await moves.misplaced(connection, owner, PageRequest(BATCH, after))
        for place in places:
            yield PhotoId(place.id)
        if not places:
            return
        after = places[-1]


async def _move(database: Database, objects: Objects, id: PhotoId) -> Outcome:
    async with database.begin() as tx:
        begun = await moves.begin(tx, id)
    if begun is None:
        return Outcome.NOTHING
    await _copy(objects, begun)
    async with database.begin() as tx:
        is_current = await moves.finish(tx, begun)
    if is_current:
        return Outcome.DONE
    # The copies have keys of their own, which no row has and none will have.
    for row in begun.moved:
        await objects.delete(begun.target(row))
    return Outcome.AGAIN


async def _copy(objects: Objects, begun: Move) -> None:
    for row in begun.moved:
        try:
            await objects.copy(row.key, begun.target(row))
        except ObjectMissing:
            # Someone else has moved it, and then this move is too late; or it is lost, and that
            # must not keep the other sizes from being moved.
            log.warning("nothing to copy", photo=str(begun.photo_id), key=row.key)
