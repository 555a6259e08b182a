"""Removes what is left over: rows that lead nowhere, and objects that no row speaks of."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Final

import structlog

from storage import jobs, schedules
from storage.claims import PREFIXES
from storage.database import Database, Writing, repeated
from storage.objects import Entry, ObjectMissing, Objects, StoreUnavailable
from storage.reached import Unavailable
from storage.sweeping import leftovers, walks
from storage.sweeping.leftovers import KINDS, Times
from storage.sweeping.walks import Orphan, Walk
from storage.uploads import STAGING_PREFIX
from workers.outcomes import Outcome

log = structlog.get_logger("sweeps")

# Behind every key of ours.
END: Final = "~"
# A walk that is broken off repeats at most so many listings.
NOTED_EVERY: Final = 10
LOOK_EVERY_S: Final = 30.0


@dataclass(frozen=True, slots=True)
class Rules:
    """What is kept for how long, and how many originals one walk may remove."""

    times: Times
    most_originals: int


class _Overtaken(Exception):
    """Somebody else has gone on with the walk."""


async def sweep_rows(database: Database, times: Times) -> dict[str, int]:
    """Remove every row that leads nowhere; how many there were of each kind.

    Each batch is a transaction of its own: run again, it goes on where it was broken off.
    """
    swept = {}
    for name, remove_some in KINDS.items():
        swept[name] = 0
        while True:
            count = await repeated(partial(_some, database, times, remove_some))
            swept[name] += count
            if count < leftovers.BATCH:
                break
    return swept


async def count_rows(database: Database, times: Times) -> dict[str, int]:
    """How many rows of each kind would be removed first; nothing is."""
    return {name: await _undone(database, times, count) for name, count in KINDS.items()}


async def sweep_objects(database: Database, objects: Objects, rules: Rules) -> Walk | None:
    """Walk through the whole bucket, or on from where a walk was broken off, and remove orphans.

    The figures of the walk; None when somebody else has gone on with it meanwhile. Memory is
    bounded by a listing, however large the bucket.
    """
    async with database.begin() as tx:
        walk = await walks.begin(tx)
    try:
        walk = await _walked(database, objects, walk, rules.times.grace)
    except _Overtaken:
        return None
    async with database.begin() as tx:
        held = await walks.hold_originals(tx, walk, rules.most_originals)
    if held:
        log.error("originals without rows are too many to be removed", originals=held)
    await _removed(database, objects, walk)
    await _abort_parts(database, objects, rules.times.grace)
    async with database.begin() as tx:
        return await walks.finish(tx, walk)


async def orphans(
    database: Database, objects: Objects, grace: timedelta
) -> AsyncIterator[tuple[int, list[Orphan]]]:
    """How many objects each listing has, and those of them that no row speaks of."""
    async for entries in _listed(objects, ""):
        async with database.connect() as connection:
            yield len(entries), await walks.orphaned(connection, entries, grace)


async def run_rows(database: Database, times: Times) -> Outcome:
    """`sweep_rows` as a job."""
    try:
        swept = await sweep_rows(database, times)
    except Unavailable as error:
        log.warning("dependency failed", error=str(error))
        return Outcome.AGAIN
    log.info("rows swept", **{name.replace(" ", "_"): count for name, count in swept.items()})
    return Outcome.DONE if any(swept.values()) else Outcome.NOTHING


async def run_objects(database: Database, objects: Objects, rules: Rules) -> Outcome:
    """`sweep_objects` as a job."""
    try:
        walk = await sweep_objects(database, objects, rules)
    except (StoreUnavailable, Unavailable) as error:
        log.warning("dependency failed", error=str(error))
        return Outcome.AGAIN
    if walk is None:
        return Outcome.NOTHING
    log.info("objects swept", listed=walk.listed, removed=walk.removed, held=walk.held)
    return Outcome.DONE if walk.removed else Outcome.NOTHING


async def on_schedule(database: Database, every: Mapping[str, timedelta]) -> None:
    """Enqueue each kind of sweep when it is time, until cancelled.

    All workers do so, and one of them does it: whoever dies leaves no gap.
    """
    look_every_s = min([LOOK_EVERY_S, *(each.total_seconds() for each in every.values())])
    while every:
        for kind, interval in every.items():
            try:
                await look(database, kind, interval)
            except Unavailable as error:
                log.warning("dependency failed", error=str(error))
            except Exception:
                # A bug in one must not keep the others from being done.
                log.exception("schedule failed", kind=kind)
        await asyncio.sleep(look_every_s)


async def look(database: Database, kind: str, interval: timedelta) -> bool:
    """Enqueue that kind of sweep if it is time, and nobody else has."""
    async with database.begin() as tx:
        is_time = await schedules.fire(tx, kind, interval)
        if is_time:
            await jobs.sweep(tx, kind)
    return is_time


async def _some(database: Database, times: Times, remove: leftovers.Removal) -> int:
    async with database.begin() as tx:
        return await remove(tx, times)


class _Undone(Exception):
    pass


async def _undone(database: Database, times: Times, remove: leftovers.Removal) -> int:
    """How many rows *remove* would remove; it is rolled back."""
    count = 0
    with suppress(_Undone):
        async with database.begin() as tx:
            count = await remove(Writing(tx), times)
            raise _Undone
    return count


async def _walked(database: Database, objects: Objects, walk: Walk, grace: timedelta) -> Walk:
    """The walk, come to the end of the bucket. Raises _Overtaken."""
    pages = listed = 0
    async for entries in _listed(objects, walk.place):
        async with database.connect() as connection:
            found = await walks.orphaned(connection, entries, grace)
        pages, listed = pages + 1, listed + len(entries)
        if found or pages % NOTED_EVERY == 0:
            walk = await _noted(database, walk, entries[-1].key, listed, found)
            listed = 0
    return await _noted(database, walk, END, listed, []) if walk.place != END else walk


async def _noted(
    database: Database, walk: Walk, place: str, listed: int, found: list[Orphan]
) -> Walk:
    async with database.begin() as tx:
        gone_on = await walks.note(tx, walk, place, listed, found)
    if gone_on is None:
        raise _Overtaken
    return gone_on


async def _listed(objects: Objects, place: str) -> AsyncIterator[list[Entry]]:
    """All objects of ours behind *place*, in the order of their keys."""
    for prefix in PREFIXES:
        if place.startswith(prefix) or place < prefix:
            after = place if place.startswith(prefix) else ""
            async for entries in objects.entries(prefix, after):
                yield entries


async def _removed(database: Database, objects: Objects, walk: Walk) -> None:
    """Remove what the walk found and what still belongs to no row."""
    while True:
        async with database.connect() as connection:
            keys, free = await walks.some_to_remove(connection, walk)
        if not keys:
            return
        # Nothing without a row can come to one any more, so there is no hurry in between.
        await asyncio.gather(*(objects.delete(orphan.key) for orphan in free))
        log.info("objects removed", keys=[orphan.key for orphan in free])
        async with database.begin() as tx:
            await walks.removed(tx, walk, keys, len(free))


async def _abort_parts(database: Database, objects: Objects, grace: timedelta) -> None:
    """Remove parts that came for objects which never were whole and no upload awaits."""
    begun = await objects.parts.unfinished(STAGING_PREFIX, older_than=grace)
    if not begun:
        return
    entries = [Entry(each.key, 0, each.begun_at) for each in begun]
    async with database.connect() as connection:
        free = {orphan.key for orphan in await walks.orphaned(connection, entries, grace)}
    for each in begun:
        if each.key in free:
            with suppress(ObjectMissing):
                await objects.parts.abort(each.key, each.id)
