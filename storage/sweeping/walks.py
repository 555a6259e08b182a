"""Walks through the bucket in search of objects that no row speaks of.

How far a walk has come is kept, so that whoever goes on finds the place: after a crash, in another
process. What was found is removed at the end, when it is known how much there is. Of originals,
which nobody can make again, only so many are removed at once: more of them without rows means that
rows are lost, as after a backup was restored, and that somebody should look.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    BigInteger,
    ColumnElement,
    DateTime,
    Select,
    Text,
    cast,
    column,
    delete,
    func,
    insert,
    literal,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.claims import is_unclaimed
from storage.database import Writing, columns, fetch, fetch_one, values
from storage.objects import Entry
from storage.tables import orphans, sweeps
from storage.uploads import ORIGINALS_PREFIX

REMOVED_AT_ONCE: Final = 200


@dataclass(frozen=True, slots=True)
class Walk:
    """A walk that is under way: up to which key it has come."""

    id: UUID
    place: str
    listed: int
    removed: int
    held: int


@dataclass(frozen=True, slots=True)
class Orphan:
    """An object that no row speaks of."""

    key: str
    byte_size: int


COLUMNS = columns(sweeps, Walk)


async def begin(tx: Writing) -> Walk:
    """The walk that is under way, or a new one."""
    await tx.execute(upsert(sweeps).values(place="").on_conflict_do_nothing())
    running = select(*COLUMNS).where(sweeps.c.finished_at.is_(None))
    walk = await fetch_one(tx, running, Walk)
    if walk is None:
        # It was finished by another one at this very moment.
        walk = (await fetch(tx, insert(sweeps).values(place="").returning(*COLUMNS), Walk))[0]
    return walk


async def orphaned(
    connection: AsyncConnection, entries: Sequence[Entry], grace: timedelta
) -> list[Orphan]:
    """Those of the listed objects that no row speaks of and that are older than *grace*.

    Ask after listing: a row that came in between counts.
    """
    given = (
        func.unnest(
            cast([entry.key for entry in entries], ARRAY(Text)),
            cast([entry.byte_size for entry in entries], ARRAY(BigInteger)),
            cast([entry.modified_at for entry in entries], ARRAY(DateTime(timezone=True))),
        )
        .table_valued(
            column("key", Text),
            column("byte_size", BigInteger),
            column("modified_at", DateTime(timezone=True)),
            name="entry",
        )
        .render_derived()
    )
    is_old = given.c.modified_at < func.now() - literal(grace)
    found = select(given.c.key, given.c.byte_size).where(is_old, is_unclaimed(given.c.key))
    return await fetch(connection, found.order_by(given.c.key), Orphan)


async def note(
    tx: Writing, walk: Walk, place: str, listed: int, found: Sequence[Orphan]
) -> Walk | None:
    """The walk, come to *place*; None when somebody else has gone on with it meanwhile."""
    is_here = (sweeps.c.id == walk.id) & (sweeps.c.place == walk.place)
    going = update(sweeps).where(is_here, sweeps.c.finished_at.is_(None))
    counted = going.values(place=place, listed=sweeps.c.listed + listed)
    gone_on = await fetch_one(tx, counted.returning(*COLUMNS), Walk)
    if gone_on is not None and found:
        rows = [{"key": o.key, "byte_size": o.byte_size, "sweep_id": walk.id} for o in found]
        await tx.execute(upsert(orphans).values(rows).on_conflict_do_nothing())
    return gone_on


async def hold_originals(tx: Writing, walk: Walk, most: int) -> int:
    """Let the originals be if more than *most* of them were found; how many that are."""
    are_originals = (orphans.c.sweep_id == walk.id) & orphans.c.key.startswith(ORIGINALS_PREFIX)
    found: int = (await values(tx, select(func.count()).where(are_originals)))[0]
    if found <= most:
        return 0
    await tx.execute(delete(orphans).where(are_originals))
    await tx.execute(update(sweeps).where(sweeps.c.id == walk.id).values(held=found))
    return found


async def some_to_remove(connection: AsyncConnection, walk: Walk) -> tuple[list[str], list[Orphan]]:
    """Some of what was found: the keys of all of them, and those that still belong to no row."""
    found = _found(walk)
    some = found.order_by(orphans.c.key).limit(REMOVED_AT_ONCE).subquery("some")
    judged = select(some.c.key, some.c.byte_size, is_unclaimed(some.c.key))
    rows = (await connection.execute(judged)).all()
    return [key for key, _, _ in rows], [
        Orphan(key, size) for key, size, is_free in rows if is_free
    ]


async def removed(tx: Writing, walk: Walk, keys: Sequence[str], count: int) -> None:
    """Note that *count* objects among *keys* are removed, and that the others belong to rows."""
    done = orphans.c.sweep_id == walk.id, orphans.c.key.in_(keys)
    await tx.execute(delete(orphans).where(*done))
    counted = update(sweeps).where(sweeps.c.id == walk.id)
    await tx.execute(counted.values(removed=sweeps.c.removed + count))


async def finish(tx: Writing, walk: Walk) -> Walk:
    """The walk with all its figures, once it has come to its end."""
    ending = update(sweeps).where(sweeps.c.id == walk.id)
    ended = ending.values(finished_at=func.coalesce(sweeps.c.finished_at, func.now()))
    return (await fetch(tx, ended.returning(*COLUMNS), Walk))[0]


def _found(walk: Walk) -> Select[Any]:
    of_walk: ColumnElement[bool] = orphans.c.sweep_id == walk.id
    return select(orphans.c.key, orphans.c.byte_size).where(of_walk)
