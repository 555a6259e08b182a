"""Rows against objects, both ways: what rows speak of is there, and nothing else is.

The keys of the bucket are put into a temporary table, so that PostgreSQL compares them and no
process has to hold them all.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Column,
    ColumnElement,
    DateTime,
    Integer,
    LargeBinary,
    MetaData,
    Select,
    Subquery,
    Table,
    Text,
    cast,
    column,
    exists,
    false,
    func,
    insert,
    literal,
    null,
    or_,
    select,
    table,
    text,
    true,
    union_all,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncConnection

from storage import avatars as avatar_keys
from storage import exports as export_keys
from storage.database import fetch, values
from storage.jobs import REMOVE_OBJECTS
from storage.objects import Entry
from storage.tables import avatars, exports, photos, uploads, users, variants
from storage.uploads import ORIGINALS_PREFIX, STAGING_PREFIX
from storage.variants import MEDIA_PREFIX, RESTRICTED_PREFIX

PREFIXES: Final = (
    STAGING_PREFIX,
    ORIGINALS_PREFIX,
    MEDIA_PREFIX,
    RESTRICTED_PREFIX,
    export_keys.PREFIX,
)

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
    claims = _claims()
    size = func.coalesce(func.sum(claims.c.byte_size), 0)
    counted = select(claims.c.table, func.count(), cast(size, BigInteger)).where(claims.c.is_there)
    return await fetch(connection, counted.group_by(claims.c.table).order_by("table"), Total)


async def missing(connection: AsyncConnection, at_most: int) -> list[Claim]:
    """Objects that rows speak of and that are not listed."""
    claims = _claims()
    is_listed = exists(select(1).where(listed.c.key == claims.c.key))
    found = select(claims.c.table, claims.c.key).where(claims.c.is_there, ~is_listed)
    return await fetch(connection, found.order_by(claims.c.key).limit(at_most), Claim)


async def changed(connection: AsyncConnection, at_most: int) -> list[Claim]:
    """Objects that have another size than their rows say."""
    claims = _claims()
    found = (
        select(claims.c.table, claims.c.key)
        .join(listed, listed.c.key == claims.c.key)
        .where(claims.c.is_there, claims.c.byte_size != listed.c.byte_size)
    )
    return await fetch(connection, found.order_by(claims.c.key).limit(at_most), Claim)


async def orphaned(connection: AsyncConnection, grace: timedelta, at_most: int) -> list[str]:
    """Listed objects that no row speaks of, that are not new, and that no job will remove."""
    is_old = listed.c.modified_at < func.now() - literal(grace)
    is_kept = or_(_is_claimed(listed.c.key), _awaits_removal(listed.c.key))
    found = select(listed.c.key).where(is_old, ~is_kept)
    return list(await values(connection, found.order_by(listed.c.key).limit(at_most)))


async def passing(connection: AsyncConnection, grace: timedelta) -> tuple[int, int]:
    """How many listed objects no row speaks of: those that a job will remove, and new ones."""
    is_old = listed.c.modified_at < func.now() - literal(grace)
    awaits = _awaits_removal(listed.c.key)
    counted = select(func.count().filter(awaits), func.count().filter(~awaits, ~is_old)).where(
        ~_is_claimed(listed.c.key)
    )
    removed, new = (await connection.execute(counted)).one()
    return removed, new


async def is_claimed(connection: AsyncConnection, key: str) -> bool:
    """Whether a row speaks of that object now."""
    claims = _claims()
    found = select(literal(1)).where(claims.c.key == key, claims.c.is_there)
    return bool(await values(connection, found))


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


def _claims() -> Subquery:
    """All objects that rows speak of; one that need not be there has `is_there` false."""
    rung = func.unnest(cast(list(avatar_keys.RUNGS), ARRAY(Integer))).column_valued("rung")
    square = func.concat(avatar_keys.PREFIX, users.c.avatar_token, "/", rung, ".webp")
    archive = func.concat(export_keys.PREFIX, exports.c.token, ".zip")
    each = (
        _claim("photos", photos.c.original_key, photos.c.byte_size),
        _claim("variants", variants.c.key, variants.c.byte_size),
        _claim("avatars", avatars.c.original_key, avatars.c.byte_size),
        _claim("users", square).where(users.c.avatar_size >= rung),
        _claim("uploads", uploads.c.staging_key, is_there=false()),
        _claim("exports", archive, exports.c.byte_size, is_there=exports.c.expires_at > func.now()),
    )
    return union_all(*each).subquery("claims")


def _claim(
    name: str,
    key: ColumnElement[str],
    byte_size: ColumnElement[int] | None = None,
    is_there: ColumnElement[bool] | None = None,
) -> Select[str, str, int, bool]:
    return select(
        literal(name).label("table"),
        cast(key, Text).label("key"),
        cast(null() if byte_size is None else byte_size, BigInteger).label("byte_size"),
        (true() if is_there is None else is_there).label("is_there"),
    )


def _is_claimed(key: ColumnElement[str]) -> ColumnElement[bool]:
    claims = _claims()
    return exists(select(1).where(claims.c.key == key))


def _awaits_removal(key: ColumnElement[str]) -> ColumnElement[bool]:
    job = table("pgqueuer", column("entrypoint", Text), column("payload", LargeBinary))
    keys = cast(func.convert_from(job.c.payload, "UTF8"), JSONB)
    waiting = select(func.jsonb_array_elements_text(keys).label("key"))
    removed = waiting.where(job.c.entrypoint == REMOVE_OBJECTS).subquery("removed")
    return exists(select(1).where(removed.c.key == key))
