"""The migrations make exactly the tables that the code knows."""

import asyncio
import re
import secrets

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import make_url
from sqlalchemy.dialects import postgresql
from sqlalchemy.schema import CreateTable

from storage import revisions
from storage.database import Database
from storage.tables import metadata

INDEXES = "select indexrelid::regclass::text from pg_index where indisvalid"
BROKEN = "select indexrelid::regclass::text from pg_index where not indisvalid"
DEFINITIONS = """
    select pg_get_indexdef(indexrelid) from pg_index join pg_class on pg_class.oid = indrelid
    where relnamespace = $1::regnamespace and relname = any($2)
"""
BUILDING = """
    select count(*) from pg_stat_activity
    where datname = current_database() and query like '%IF NOT EXISTS ' || $1 || ' %'
        and wait_event_type = 'Lock' and pid <> pg_backend_pid()
"""
WRITES = "update photos set title = title"
# The revision before, an index that is missing then, and one that was not finished.
BESIDE = [
    ("0012", "photos_shown_idx", "blocks_blocked_id_blocker_id_idx"),
    ("0013", "photos_recent_idx", None),
]


def _is_ours(name, kind, _parents):
    return kind != "table" or not name.startswith("pgqueuer")


async def test_the_migrated_tables_are_those_of_the_code(database):
    async with database.connect() as connection:
        differences = await connection.run_sync(
            lambda sync: compare_metadata(
                MigrationContext.configure(sync, opts={"include_name": _is_ours}), metadata
            )
        )

    assert differences == []


async def test_every_check_of_the_tables_is_in_the_database(database):
    named = "select conname from pg_constraint where contype = 'c'"
    async with database.connect() as connection:
        there = set((await connection.exec_driver_sql(named)).scalars())

    made = "".join(
        str(CreateTable(table).compile(dialect=postgresql.dialect()))
        for table in metadata.sorted_tables
    )
    wanted = set(re.findall(r"CONSTRAINT (\w+) CHECK", made))
    assert len(wanted) == 37
    assert wanted - there == set()


async def test_migrating_again_changes_nothing(database, settings):
    await revisions.upgrade(settings.database_url.get_secret_value())

    async with database.connect() as connection:
        assert await revisions.current(connection) == revisions.newest()


@pytest.fixture
async def another(database, settings):
    """The address of a database without tables."""
    name = f"another_{secrets.token_hex(6)}"
    await _outside_transactions(database, f"create database {name}")
    url = make_url(settings.database_url.get_secret_value()).set(database=name)
    yield url.render_as_string(hide_password=False)
    await _outside_transactions(database, f"drop database {name} with (force)")


async def test_every_index_is_as_the_code_says(another):
    await revisions.upgrade(another)
    opened = Database(another, pool_size=1)
    try:
        async with opened.begin() as tx:
            await tx.exec_driver_sql("create schema made")
            await tx.exec_driver_sql("set local search_path = made, public")
            await tx.run_sync(lambda sync: metadata.create_all(sync, checkfirst=False))
    finally:
        await opened.close()

    migrated, made = [await _definitions(another, schema) for schema in ("public", "made")]
    assert migrated == made
    assert len(made) > len(metadata.tables)


async def _definitions(url, schema):
    """Of the indexes of our tables there."""
    tables = [table.name for table in metadata.sorted_tables]
    found = await _values(url, DEFINITIONS, schema, tables)
    return {each.replace(f" {schema}.", " ") for each in found}


async def test_of_several_that_migrate_at_once_one_does(another):
    await asyncio.gather(*(revisions.upgrade(another) for _ in range(3)))

    assert await _values(another, "select version_num from alembic_version") == {revisions.newest()}
    assert await _values(another, BROKEN) == set()


@pytest.mark.parametrize(("before", "missing", "unfinished"), BESIDE)
async def test_photos_are_written_while_their_index_is_built(another, before, missing, unfinished):
    await revisions.upgrade(another)
    made = await _values(another, INDEXES)
    # As if the step had broken off, with the first index missing and the second not valid.
    await _values(another, "update alembic_version set version_num = $1 returning 1", before)
    opened = Database(another, pool_size=3)
    try:
        async with opened.begin() as tx:
            await tx.exec_driver_sql(f"drop index {missing}")
            await tx.exec_driver_sql(
                "update pg_index set indisvalid = false where indexrelid = to_regclass($1)",
                (unfinished,),
            )
        async with opened.begin() as earlier:
            await earlier.exec_driver_sql(WRITES)
            upgraded = asyncio.create_task(revisions.upgrade(another))
            await _building(another, missing)
            async with opened.begin() as later:
                await later.exec_driver_sql("set local lock_timeout = '20s'")
                await later.exec_driver_sql(WRITES)
        async with asyncio.timeout(60):
            await upgraded
    finally:
        await opened.close()

    assert await _values(another, INDEXES) == made
    assert await _values(another, BROKEN) == set()


async def _building(url, index):
    async with asyncio.timeout(60):
        while await _values(url, BUILDING, index) != {1}:  # noqa: ASYNC110 - It is another process.
            await asyncio.sleep(0.02)


async def _values(url, statement, *arguments):
    opened = Database(url, pool_size=1)
    try:
        async with opened.begin() as tx:
            return set((await tx.exec_driver_sql(statement, arguments)).scalars())
    finally:
        await opened.close()


async def _outside_transactions(database, statement):
    async with database.connect() as connection:
        await connection.exec_driver_sql(statement)
