"""The migrations make exactly the tables that the code knows."""

import re

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy.dialects import postgresql
from sqlalchemy.schema import CreateTable

from storage import revisions
from storage.tables import metadata


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
