"""Who wants nothing to do with whom."""

from collections.abc import Sequence

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from storage import follows, notifications
from storage.database import Writing, columns, values
from storage.pages import newest_first, page
from storage.refusals import NotAllowed
from storage.rows import Cursor, Page, PageRequest, UserId, UserRow
from storage.tables import blocks, users


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
    listed = (
        select(blocks.c.created_at.label("blocked_at"), *columns(users, UserRow))
        .join(users, users.c.id == blocks.c.blocked_id)
        .where(blocks.c.blocker_id == blocker)
    )
    statement = newest_first(listed, blocks.c.created_at, blocks.c.blocked_id, request)
    found = [(at, UserRow(*user)) for at, *user in await connection.execute(statement)]
    return page(request, [row for _, row in found], [Cursor(at, row.id) for at, row in found])


async def _exists(tx: Writing, blocker: UserId, blocked: UserId) -> bool:
    there = select(blocks.c.blocked_id).where(
        blocks.c.blocker_id == blocker, blocks.c.blocked_id == blocked
    )
    return bool(await values(tx, there))


async def concerned(connection: AsyncConnection, ids: Sequence[UserId]) -> dict[UserId, bool]:
    """Those of the users who block somebody or are blocked; the others are absent."""
    blocking = select(blocks.c.blocker_id).where(blocks.c.blocker_id.in_(ids))
    blocked = select(blocks.c.blocked_id).where(blocks.c.blocked_id.in_(ids))
    return dict.fromkeys(await values(connection, blocking.union(blocked)), True)
