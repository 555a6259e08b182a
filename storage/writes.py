"""Hot writes: statements written once, like hot reads, and sent by asyncpg inside a transaction."""

from typing import Any, TypeVar

from asyncpg import Connection, Record
from sqlalchemy import text

from storage import reads
from storage.database import Writing
from storage.reads import Read

Row = TypeVar("Row")

_NOTHING = text("select 1")


async def rows(tx: Writing, write: Read[Row], **values: Any) -> list[Row]:
    """The rows that *write* returns with those values; it is a part of the transaction."""
    await driver(tx)
    return await reads.rows(tx, write, **values)


async def driver(tx: Writing) -> "Connection[Record]":
    """The connection of a transaction that has begun, for those who speak to asyncpg themselves."""
    connection = reads.driver(tx)
    if not connection.is_in_transaction():
        # SQLAlchemy says BEGIN with the first statement that it sends itself.
        await tx.execute(_NOTHING)
    return connection
