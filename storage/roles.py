"""Who judges what others shared: given and taken by the operator alone."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.database import Writing, fetch, values
from storage.refusals import NotAllowed
from storage.rows import UserId
from storage.tables import moderators, users


@dataclass(frozen=True, slots=True)
class ModeratorRow:
    """A moderator as the operator sees them."""

    user_id: UserId
    username: str
    since: datetime


async def is_moderator(connection: AsyncConnection, user: UserId) -> bool:
    """Whether that user judges what others shared."""
    of_user = select(moderators.c.user_id).where(moderators.c.user_id == user)
    return bool(await values(connection, of_user))


async def require(tx: Writing, user: UserId) -> None:
    """Raises NotAllowed unless that user is a moderator, and stays one to the transaction's end."""
    of_user = select(moderators.c.user_id).where(moderators.c.user_id == user)
    if not await values(tx, of_user.with_for_update(read=True)):
        raise NotAllowed("only moderators may do this")


async def add(tx: Writing, user: UserId) -> bool:
    """Make a user a moderator; False for one who is."""
    adding = upsert(moderators).values(user_id=user).on_conflict_do_nothing()
    return bool(await values(tx, adding.returning(moderators.c.user_id)))


async def remove(tx: Writing, user: UserId) -> bool:
    """Make a moderator a user like all others; False for one who is."""
    removing = delete(moderators).where(moderators.c.user_id == user)
    return bool(await values(tx, removing.returning(moderators.c.user_id)))


async def every_moderator(connection: AsyncConnection) -> list[ModeratorRow]:
    """All moderators, by their names."""
    listed = select(moderators.c.user_id, users.c.username, moderators.c.since)
    by_name = listed.join(users, users.c.id == moderators.c.user_id).order_by(users.c.username)
    return await fetch(connection, by_name, ModeratorRow)
