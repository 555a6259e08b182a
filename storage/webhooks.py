"""Callbacks that were taken: each counts once."""

from datetime import timedelta
from typing import Final

from sqlalchemy import delete, func, literal
from sqlalchemy.dialects.postgresql import insert as upsert

from storage.database import Writing, values
from storage.tables import webhook_receipts

# Far longer than the timestamp in a callback is good.
REMEMBERED: Final = timedelta(hours=1)


async def take(tx: Writing, id: str) -> bool:
    """Whether no callback with that webhook-id was taken before; from now on one was."""
    old = webhook_receipts.c.received_at < func.now() - literal(REMEMBERED)
    await tx.execute(delete(webhook_receipts).where(old))
    taking = upsert(webhook_receipts).values(id=id).on_conflict_do_nothing()
    return bool(await values(tx, taking.returning(webhook_receipts.c.id)))
