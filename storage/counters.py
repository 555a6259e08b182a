"""Kept counts against what they count: the rows are the truth, a count can be made anew."""

from dataclasses import dataclass
from typing import Final
from uuid import UUID

from sqlalchemy import func, select, text
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.database import Writing, values
from storage.tables import counter_checks

BATCH: Final = 1_000
NO_ID: Final = UUID(int=0)


@dataclass(frozen=True, slots=True)
class Counter:
    """A column of *table*, and the SQL that counts what it stands for in the row `kept`."""

    table: str
    column: str
    counted: str

    @property
    def name(self) -> str:
        return f"{self.table}.{self.column}"


_READY = "select count(*) from photos p where p.owner_id = kept.id and p.status = 'READY'"

COUNTERS: Final = (
    Counter("users", "public_photo_count", f"{_READY} and p.visibility = 'PUBLIC'"),
    Counter("users", "followers_photo_count", f"{_READY} and p.visibility <> 'PRIVATE'"),
    Counter("users", "own_photo_count", "select count(*) from photos p where p.owner_id = kept.id"),
    Counter(
        "users",
        "own_byte_size",
        "select coalesce(sum(p.byte_size), 0) from photos p where p.owner_id = kept.id",
    ),
    Counter(
        "users", "follower_count", "select count(*) from follows f where f.followee_id = kept.id"
    ),
    Counter(
        "users", "following_count", "select count(*) from follows f where f.follower_id = kept.id"
    ),
    Counter("photos", "like_count", "select count(*) from likes l where l.photo_id = kept.id"),
    Counter(
        "photos",
        "comment_count",
        "select count(*) from comments c where c.photo_id = kept.id and c.body is not null",
    ),
    Counter(
        "comments", "reply_count", "select count(*) from comments c where c.parent_id = kept.id"
    ),
)


@dataclass(frozen=True, slots=True)
class Batch:
    """Some rows of one counter: how many were looked at, and which are wrong."""

    looked_at: int
    last: UUID
    wrong: list[UUID]


async def check(connection: AsyncConnection, counter: Counter, after: UUID) -> Batch | None:
    """The next rows by id; None when there are no more."""
    # The names are those of COUNTERS above, never from outside.
    looking = text(
        f"select kept.id, kept.{counter.column} <> ({counter.counted}) "  # noqa: S608
        f"from {counter.table} kept where kept.id > :after order by kept.id limit :batch"
    )
    found = (await connection.execute(looking, {"after": after, "batch": BATCH})).all()
    if not found:
        return None
    return Batch(len(found), found[-1][0], [id for id, is_wrong in found if is_wrong])


async def repair(tx: Writing, counter: Counter, ids: list[UUID]) -> int:
    """Count anew for those rows; how many of them were wrong.

    The rows are locked before anything is counted. A writer that has not committed waits to
    change the count, and changes it by one after this.
    """
    locking = text(
        f"select id from {counter.table} where id = any(:ids) order by id for no key update"  # noqa: S608
    )
    await tx.execute(locking, {"ids": ids})
    mending = text(
        f"update {counter.table} kept set {counter.column} = ({counter.counted}) "  # noqa: S608
        f"where kept.id = any(:ids) and kept.{counter.column} <> ({counter.counted}) "
        "returning kept.id"
    )
    return len(await values(tx, mending.bindparams(ids=ids)))


async def note(tx: Writing, counter: Counter, drifted: int) -> None:
    """Remember how many rows of a counter were wrong just now, for the metrics."""
    fresh = {"drifted": drifted, "checked_at": func.now()}
    await tx.execute(
        upsert(counter_checks)
        .values(counter=counter.name, **fresh)
        .on_conflict_do_update(index_elements=["counter"], set_=fresh)
    )


async def noted(connection: AsyncConnection) -> list[tuple[str, int, float]]:
    """Each counter that was ever checked: its name, its wrong rows then, seconds since."""
    age_s = func.extract("epoch", func.now() - counter_checks.c.checked_at)
    query = select(counter_checks.c.counter, counter_checks.c.drifted, age_s)
    return [
        (name, drifted, float(seconds))
        for name, drifted, seconds in await connection.execute(query)
    ]
