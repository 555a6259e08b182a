"""Who may not come in any more: decided by moderators, and taken back by them."""

from dataclasses import dataclass

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from storage import accounts, decisions, reports, roles, sessions
from storage.cases import CaseOutcome, Decider, LogAction, SubjectKind
from storage.database import Writing, fetch
from storage.refusals import Missing, NotAllowed
from storage.rows import UserId, UserRow
from storage.tables import cases, credentials, users


@dataclass(frozen=True, slots=True)
class SuspendedRow:
    """Somebody who is kept out, as the operator sees them."""

    username: str
    reason: str


async def suspend(tx: Writing, id: UserId, decider: Decider, reason: str, *path: str) -> UserRow:
    """Keep a user out, and end every session of theirs; again changes nothing.

    Raises Missing for no user and for one who is leaving, NotAllowed for a moderator.
    """
    known = await accounts.lock(tx, id)
    if known is None:
        raise Missing("there is no such user", *path)
    if await roles.is_moderator(tx, id):
        raise NotAllowed("a moderator is not suspended; the operator ends the role first", *path)
    if known.suspended_for is None:
        await _set(tx, id, reason)
        await sessions.end_all(tx, id)
        await reports.close(tx, cases.c.user_id == id, CaseOutcome.SUSPENDED)
        await decisions.add(tx, decider, LogAction.SUSPENDED, SubjectKind.USER, id, reason=reason)
    return await _user(tx, id)


async def reinstate(tx: Writing, id: UserId, decider: Decider, reason: str, *path: str) -> UserRow:
    """Let a user come in again; again changes nothing. Raises Missing for no user."""
    known = await accounts.lock(tx, id)
    if known is None:
        raise Missing("there is no such user", *path)
    if known.suspended_for is not None:
        await _set(tx, id, None)
        await decisions.add(tx, decider, LogAction.REINSTATED, SubjectKind.USER, id, reason=reason)
    return await _user(tx, id)


async def every(connection: AsyncConnection) -> list[SuspendedRow]:
    """All who are kept out, by their names."""
    listed = select(users.c.username, credentials.c.suspended_for).join(credentials)
    suspended = listed.where(credentials.c.suspended_for.is_not(None)).order_by(users.c.username)
    return await fetch(connection, suspended, SuspendedRow)


async def _set(tx: Writing, id: UserId, reason: str | None) -> None:
    setting = update(credentials).where(credentials.c.user_id == id)
    await tx.execute(setting.values(suspended_for=reason))


async def _user(tx: Writing, id: UserId) -> UserRow:
    return (await fetch(tx, select(*accounts.COLUMNS).where(users.c.id == id), UserRow))[0]
