"""Exports: all that is kept of a user in one file, for them alone and for a day."""

import secrets
from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from sqlalchemy import delete, func, literal, select
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from storage import accounts, jobs
from storage.database import Writing, columns, fetch, fetch_one, values
from storage.rows import ExportRow, PhotoStatus, UserId
from storage.tables import exports

COLUMNS = columns(exports, ExportRow)
PREFIX: Final = "exports/"
CONTENT_TYPE: Final = "application/zip"
KEPT: Final = timedelta(days=1)


def key(token: str) -> str:
    """Where the file lies in the bucket."""
    return f"{PREFIX}{token}.zip"


async def of_users(connection: AsyncConnection, ids: Sequence[UserId]) -> dict[UserId, ExportRow]:
    """The latest export of each user, unless its time is over. For that user only."""
    is_over = func.coalesce(exports.c.expires_at < func.now(), literal(value=False))
    kept = select(*COLUMNS).where(exports.c.user_id.in_(ids), ~is_over)
    return {row.user_id: row for row in await fetch(connection, kept, ExportRow)}


async def request(tx: Writing, id: UserId) -> ExportRow:
    """A new export in the place of the one before; while one is being made, that one."""
    await accounts.require(tx, id)
    running = select(*COLUMNS).where(
        exports.c.user_id == id, exports.c.status == PhotoStatus.PROCESSING
    )
    under_way = await fetch_one(tx, running, ExportRow)
    if under_way is not None:
        return under_way
    await withdraw(tx, id)
    making = upsert(exports).values(
        user_id=id, token=secrets.token_hex(16), status=PhotoStatus.PROCESSING
    )
    row = (await fetch(tx, making.returning(*COLUMNS), ExportRow))[0]
    await jobs.export_account(tx, id)
    return row


async def withdraw(tx: Writing, id: UserId) -> bool:
    """Remove a user's export; False when there was none."""
    gone = await values(
        tx, delete(exports).where(exports.c.user_id == id).returning(exports.c.token)
    )
    if gone:
        await jobs.remove_for_good(tx, [key(token) for token in gone])
    return bool(gone)
