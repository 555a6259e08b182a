"""Brings a database to the tables this version needs."""

import asyncio

from storage import revisions


def upgrade(database_url: str) -> None:
    """Run the migrations that are missing; none when the database is up to date."""
    asyncio.run(revisions.upgrade(database_url))
