"""Who wants nothing to do with whom."""

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from storage import follows, notifications, users
from storage.database import Writing, values
from storage.refusals import NotAllowed
from storage.rows import Page, PageRequest, UserId, UserRow
from storage.tables import blocks


async def add(tx: Writing, blocker: UserId, blocked: UserId) -> None:
    """Hide the two from each other and end what is between them. Again changes nothing.

    Raises Missing for a user that the blocker may not know of, NotAllowed for oneself.
    """
    if blocker == blocked:
        raise NotAllowed("you cannot block yourself", "id")
    if await _exists(tx, blocker, blocked):
        return
    await follows.lock(tx, blocker, blocked)
    await tx.execute(
        upsert(blocks).values(blocker_id=blocker, blocked_id=blocked).on_conflict_do_nothing()
    )
    await follows.sever(tx, blocker, blocked)
    await notifications.sever(tx, blocker, blocked)


async def remove(tx: Writing, blocker: UserId, blocked: UserId) -> bool:
    """Lift a block; what it ended stays ended. False when there was none."""
    lifted = delete(blocks).where(blocks.c.blocker_id == blocker, blocks.c.blocked_id == blocked)
    return bool(await values(tx, lifted.returning(blocks.c.blocked_id)))


async def blocked_by(
    connection: AsyncConnection, blocker: UserId, request: PageRequest
) -> Page[UserRow]:
    """Those whom a user has blocked, the latest first. For that user only."""
    theirs = blocks.c.blocker_id == blocker
    return await users.paired(connection, blocks.c.blocked_id, theirs, request)


async def _exists(tx: Writing, blocker: UserId, blocked: UserId) -> bool:
    there = select(blocks.c.blocked_id).where(
        blocks.c.blocker_id == blocker, blocks.c.blocked_id == blocked
    )
    return bool(await values(tx, there))
