"""Answers kept for a day, to be given again when the same request comes again.

They are written in the transaction of what they tell: either both are there or neither is.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import delete, func, insert, literal, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.database import Writing, columns, fetch_one
from storage.rows import UserId
from storage.tables import idempotency_keys

KEPT: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Kept:
    """An answer, sealed, and a digest of what it answers."""

    fingerprint: bytes
    answer: bytes


COLUMNS = columns(idempotency_keys, Kept)


async def of(connection: AsyncConnection, id: bytes) -> Kept | None:
    """What was answered under that id within the last day."""
    is_recent = idempotency_keys.c.created_at > func.now() - literal(KEPT)
    wanted = select(*COLUMNS).where(idempotency_keys.c.id == id, is_recent)
    return await fetch_one(connection, wanted, Kept)


async def claim(tx: Writing, id: bytes) -> bool:
    """Have an id for this transaction alone; False while another one has it."""
    # Two ids of one number stand in each other's way, and nothing worse.
    number = int.from_bytes(id[:8], signed=True)
    claiming = text("select pg_try_advisory_xact_lock(:number)").bindparams(number=number)
    return bool((await tx.execute(claiming)).scalar_one())


async def keep(tx: Writing, id: bytes, user_id: UserId | None, kept: Kept) -> None:
    """Keep an answer under an id that was claimed."""
    await tx.execute(delete(idempotency_keys).where(idempotency_keys.c.id == id))
    await tx.execute(
        insert(idempotency_keys).values(
            id=id, user_id=user_id, fingerprint=kept.fingerprint, answer=kept.answer
        )
    )


async def forget_old(tx: Writing, before: datetime, at_most: int = 5_000) -> int:
    """Forget answers from before then; how many there were."""
    old = select(idempotency_keys.c.id).where(idempotency_keys.c.created_at < before)
    gone = delete(idempotency_keys).where(idempotency_keys.c.id.in_(old.limit(at_most)))
    return (await tx.execute(gone)).rowcount
