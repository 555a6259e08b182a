"""Exports: all that is kept of a user in one file, for them alone and for a day."""

import secrets
from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from sqlalchemy import ColumnElement, and_, delete, func, literal, select, update
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


async def begin_attempt(tx: Writing, id: UserId) -> ExportRow | None:
    """The export that awaits its file; None when there is none.

    The attempt counts as a crash until it reports back.
    """
    beginning = update(exports).where(
        exports.c.user_id == id, exports.c.status == PhotoStatus.PROCESSING
    )
    counted = beginning.values(crashes=exports.c.crashes + 1)
    return await fetch_one(tx, counted.returning(*COLUMNS), ExportRow)


async def give_back(tx: Writing, wanted: ExportRow) -> None:
    """Report that the attempt stopped for a reason outside the export; another will follow."""
    returned = update(exports).where(_awaits(wanted))
    await tx.execute(returned.values(crashes=exports.c.crashes - 1))


async def fail(tx: Writing, wanted: ExportRow) -> None:
    """Give up; the user may ask again."""
    await tx.execute(update(exports).where(_awaits(wanted)).values(status=PhotoStatus.FAILED))


async def finish(tx: Writing, wanted: ExportRow, byte_size: int) -> bool:
    """Let the user have the file for a day; False when the export is gone, or finished before."""
    ready = {"status": PhotoStatus.READY, "crashes": 0, "byte_size": byte_size}
    finishing = update(exports).where(_awaits(wanted))
    expiring = finishing.values(expires_at=func.now() + literal(KEPT), **ready)
    if not await values(tx, expiring.returning(exports.c.user_id)):
        return False
    await jobs.remove_objects(tx, [key(wanted.token)], after=KEPT)
    return True


async def exists(connection: AsyncConnection, wanted: ExportRow) -> bool:
    """Whether the export is still the latest of its user."""
    same = select(exports.c.user_id).where(exports.c.token == wanted.token)
    return bool(await values(connection, same))


async def withdraw(tx: Writing, id: UserId) -> bool:
    """Remove a user's export; False when there was none."""
    gone = await values(
        tx, delete(exports).where(exports.c.user_id == id).returning(exports.c.token)
    )
    if gone:
        await jobs.remove_for_good(tx, [key(token) for token in gone])
    return bool(gone)


def _awaits(wanted: ExportRow) -> ColumnElement[bool]:
    return and_(exports.c.token == wanted.token, exports.c.status == PhotoStatus.PROCESSING)
