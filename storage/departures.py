"""How an account is left: at once for everybody to see, then taken apart, then gone."""

from datetime import timedelta
from typing import Final

from sqlalchemy import delete, func, insert, literal, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from storage import accounts, erasure, jobs
from storage.database import Writing, values
from storage.refusals import Conflict
from storage.rows import CredentialsRow, UserId
from storage.tables import blocks, credentials, departures, follow_requests, sessions, users

# By then every process has heard of it, and whoever was still writing has come to an end.
QUIET: Final = timedelta(minutes=1)


async def begin(tx: Writing, known: CredentialsRow) -> None:
    """End an account: from now on nobody finds it or comes in, and a job takes it apart.

    Again changes nothing. Raises Conflict when the password is no longer the one that was checked.
    """
    id = known.user_id
    locked = await accounts.lock(tx, id)
    if locked is None:
        return
    if locked.password_hash != known.password_hash:
        raise Conflict("the password has just been changed; try again", "input", "password")
    await tx.execute(insert(departures).values(user_id=id))
    await tx.execute(delete(credentials).where(credentials.c.user_id == id))
    await tx.execute(delete(sessions).where(sessions.c.user_id == id))
    await _end_relations(tx, id)
    await _make_nameless(tx, id)
    await jobs.erase_account(tx, id)


async def has_begun(connection: AsyncConnection, id: UserId) -> bool:
    """Whether the account is being deleted; False also once it is gone."""
    return bool(await values(connection, select(literal(1)).where(departures.c.user_id == id)))


async def finish(tx: Writing, id: UserId) -> bool:
    """Delete the user's row, and what was written since it was taken apart; False if too early.

    Nobody can write of the user meanwhile, so every count is exact in the end.
    """
    is_quiet = departures.c.left_at < func.now() - literal(QUIET)
    if not await values(tx, select(literal(1)).where(departures.c.user_id == id, is_quiet)):
        return False
    await tx.execute(select(users.c.id).where(users.c.id == id).with_for_update())
    for take in erasure.PARTS:
        while await take(tx, id):
            pass
    await tx.execute(delete(users).where(users.c.id == id))
    return True


async def _end_relations(tx: Writing, id: UserId) -> None:
    # Nobody counts these, so they can go at once.
    asked = or_(follow_requests.c.follower_id == id, follow_requests.c.followee_id == id)
    await tx.execute(delete(follow_requests).where(asked))
    blocked = or_(blocks.c.blocker_id == id, blocks.c.blocked_id == id)
    await tx.execute(delete(blocks).where(blocked))


async def _make_nameless(tx: Writing, id: UserId) -> None:
    # No username has a bracket in it: the old one is free for others, and this one for nobody.
    nothing = {"display_name": "", "bio": "", "avatar_token": None, "avatar_size": None}
    naming = update(users).where(users.c.id == id)
    await tx.execute(naming.values(username=f"[{id.hex}]", **nothing))
