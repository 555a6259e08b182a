"""Work for later, enqueued in the transaction that makes it necessary."""

from uuid import UUID

import asyncpg
from pgqueuer.adapters.drivers.asyncpg import AsyncpgDriver
from pgqueuer.adapters.persistence.queries import Queries
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.database import Writing
from storage.rows import PhotoId

MAKE_VARIANTS = "make_variants"


async def make_variants(tx: Writing, id: PhotoId) -> None:
    """Have the variants of a photo made once the transaction is committed.

    Asking twice is harmless: who comes second finds nothing to do.
    """
    raw = await tx.get_raw_connection()
    connection = raw.driver_connection
    if not isinstance(connection, asyncpg.Connection):
        raise TypeError("jobs need an asyncpg connection")
    queries = Queries(AsyncpgDriver(connection))
    await queries.enqueue(MAKE_VARIANTS, id.bytes)


def photo_of(payload: bytes | None) -> PhotoId:
    """The photo that a job of `make_variants` is about."""
    return PhotoId(UUID(bytes=payload))


async def waiting(connection: AsyncConnection) -> tuple[int, float]:
    """How many jobs wait, and for how many seconds the oldest has."""
    counted = text(
        "select count(*), coalesce(extract(epoch from now() - min(created)), 0)::float8 "
        "from pgqueuer where status = 'queued' and execute_after <= now()"
    )
    total, age_s = (await connection.execute(counted)).one()
    return total, age_s
