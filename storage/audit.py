"""Rows against objects, both ways: what rows speak of is there, and nothing else is.

The keys of the bucket are put into a temporary table, so that PostgreSQL compares them and no
process has to hold them all.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    DateTime,
    LargeBinary,
    MetaData,
    Table,
    Text,
    cast,
    column,
    exists,
    func,
    insert,
    literal,
    select,
    table,
    text,
    union_all,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.claims import is_unclaimed, spoken_of
from storage.database import fetch, values
from storage.jobs import REMOVE_OBJECTS
from storage.objects import Entry
from storage.rows import PhotoFailureCode
from storage.tables import avatars, photos

listed = Table(
    "listed_objects",
    MetaData(),
    Column("key", Text, primary_key=True),
    Column("byte_size", BigInteger, nullable=False),
    Column("modified_at", DateTime(timezone=True), nullable=False),
    prefixes=["TEMPORARY"],
)


@dataclass(frozen=True, slots=True)
class Claim:
    """A row of *table* speaks of an object."""

    table: str
    key: str


@dataclass(frozen=True, slots=True)
class Sum:
    """The bytes that an original must have."""

    id: UUID
    key: str
    byte_size: int
    checksum_sha256: bytes


@dataclass(frozen=True, slots=True)
class Total:
    """How many there are of one kind."""

    name: str
    count: int
    byte_size: int


async def begin(connection: AsyncConnection) -> None:
    """Make room for what is listed; the same connection is needed to the end."""
    await connection.run_sync(lambda sync: listed.create(sync, checkfirst=False))


async def note(connection: AsyncConnection, entries: Sequence[Entry]) -> None:
    """Take down some of the objects that are in the bucket."""
    rows = [
        {"key": entry.key, "byte_size": entry.byte_size, "modified_at": entry.modified_at}
        for entry in entries
    ]
    await connection.execute(insert(listed), rows)


async def end(connection: AsyncConnection) -> None:
    """Forget what was listed."""
    await connection.run_sync(listed.drop)


async def claimed(connection: AsyncConnection) -> list[Total]:
    """How many objects the rows of each table speak of."""
    claims = spoken_of()
    size = func.coalesce(func.sum(claims.c.byte_size), 0)
    counted = select(claims.c.table, func.count(), cast(size, BigInteger)).where(claims.c.is_there)
    return await fetch(connection, counted.group_by(claims.c.table).order_by("table"), Total)


async def missing(connection: AsyncConnection, at_most: int) -> list[Claim]:
    """Objects that rows speak of and that are not listed."""
    claims = spoken_of()
    is_listed = exists(select(1).where(listed.c.key == claims.c.key))
    found = select(claims.c.table, claims.c.key).where(claims.c.is_there, ~is_listed)
    return await fetch(connection, found.order_by(claims.c.key).limit(at_most), Claim)


async def changed(connection: AsyncConnection, at_most: int) -> list[Claim]:
    """Objects that have another size than their rows say."""
    claims = spoken_of()
    found = (
        select(claims.c.table, claims.c.key)
        .join(listed, listed.c.key == claims.c.key)
        .where(claims.c.is_there, claims.c.byte_size != listed.c.byte_size)
    )
    return await fetch(connection, found.order_by(claims.c.key).limit(at_most), Claim)


async def orphaned(connection: AsyncConnection, grace: timedelta, at_most: int) -> list[str]:
    """Listed objects that no row speaks of, that are not new, and that no job will remove."""
    is_old = listed.c.modified_at < func.now() - literal(grace)
    found = select(listed.c.key).where(
        is_old, is_unclaimed(listed.c.key), ~_awaits_removal(listed.c.key)
    )
    return list(await values(connection, found.order_by(listed.c.key).limit(at_most)))


async def passing(connection: AsyncConnection, grace: timedelta) -> tuple[int, int]:
    """How many listed objects no row speaks of: those that a job will remove, and new ones."""
    is_old = listed.c.modified_at < func.now() - literal(grace)
    awaits = _awaits_removal(listed.c.key)
    counted = select(func.count().filter(awaits), func.count().filter(~awaits, ~is_old)).where(
        is_unclaimed(listed.c.key)
    )
    removed, new = (await connection.execute(counted)).one()
    return removed, new


async def is_claimed(connection: AsyncConnection, key: str) -> bool:
    """Whether a row speaks of that object now."""
    claims = spoken_of()
    found = select(literal(1)).where(claims.c.key == key, claims.c.is_there)
    return bool(await values(connection, found))


async def sums(connection: AsyncConnection, after: UUID, at_most: int) -> list[Sum]:
    """Some originals of photos and avatars, by id, but for those whose owners know of the loss."""
    each = [
        select(
            kept.c.id, kept.c.original_key.label("key"), kept.c.byte_size, kept.c.checksum_sha256
        )
        .where(kept.c.failure_code.is_distinct_from(PhotoFailureCode.CHECKSUM_MISMATCH))
        .where(kept.c.id > after)
        .order_by(kept.c.id)
        .limit(at_most)
        for kept in (photos, avatars)
    ]
    both = union_all(*(select(some.subquery()) for some in each)).subquery()
    return await fetch(connection, select(both).order_by(both.c.id).limit(at_most), Sum)


async def rows_about(connection: AsyncConnection, id: UUID) -> dict[str, int]:
    """How many rows hold that id, by table and column; every table of the database is asked."""
    columns = text(
        "select table_name, column_name from information_schema.columns "
        "join information_schema.tables using (table_schema, table_name) "
        "where table_schema = 'public' and table_type = 'BASE TABLE' and udt_name = any(:kinds) "
        "order by 1, 2"
    )
    found = {}
    for kind, value in (("uuid", id), ("bytea", id.bytes)):
        for name, of in (await connection.execute(columns, {"kinds": [kind]})).all():
            held = select(func.count()).select_from(table(name, column(of)))
            total = (await connection.execute(held.where(column(of) == value))).scalar_one()
            if total:
                found[f"{name}.{of}"] = total
    return found


def _awaits_removal(key: ColumnElement[str]) -> ColumnElement[bool]:
    job = table("pgqueuer", column("entrypoint", Text), column("payload", LargeBinary))
    keys = cast(func.convert_from(job.c.payload, "UTF8"), JSONB)
    waiting = select(func.jsonb_array_elements_text(keys).label("key"))
    removed = waiting.where(job.c.entrypoint == REMOVE_OBJECTS).subquery("removed")
    return exists(select(1).where(removed.c.key == key))
