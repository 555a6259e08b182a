"""Which revision of the tables a database has, and how it gets the newest."""

import asyncio
from functools import cache
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, make_url, text
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine
from sqlalchemy.pool import NullPool

# Any number that is ours alone: it keeps two processes from migrating at the same time.
LOCK = 0x50696353
AGAIN_S = 0.1


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).with_name("migrations")))
    return config


@cache
def newest() -> str:
    """The revision that this code needs."""
    head = ScriptDirectory.from_config(_config()).get_current_head()
    if head is None:
        raise RuntimeError("there are no migrations")
    return head


async def current(connection: AsyncConnection) -> str | None:
    """The revision that the database has; None when it has none of our tables."""
    return await connection.run_sync(
        lambda sync: MigrationContext.configure(sync).get_current_revision()
    )


async def upgrade(url: str) -> None:
    """Bring the database to the newest revision; does nothing when it is there.

    Each step is a transaction of its own, or comes to the same when it is done again.
    Raises what the driver raises when the database cannot be reached.
    """
    engine = create_async_engine(
        make_url(url).set(drivername="postgresql+asyncpg"),
        poolclass=NullPool,
        connect_args={"timeout": 5},
    )
    try:
        async with engine.connect() as connection:
            await _alone(connection)
            await connection.run_sync(_upgrade)
    finally:
        await engine.dispose()


async def _alone(connection: AsyncConnection) -> None:
    """Wait until nobody else migrates; the connection's end lets the next one.

    It is asked for again and again: an index that is built beside the writers waits for every
    statement that runs, so also for one that waited for the lock.
    """
    asked = text("select pg_try_advisory_lock(:lock)")
    while not await connection.scalar(asked, {"lock": LOCK}):
        await connection.rollback()
        await asyncio.sleep(AGAIN_S)
    await connection.rollback()


def _upgrade(connection: Connection) -> None:
    config = _config()
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
