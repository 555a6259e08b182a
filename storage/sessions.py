"""Sessions, and the refresh tokens that carry each of them on.

A token comes in as text and is kept as its SHA-256. Every token but the newest of a
session has been used; using one of those again means that two parties hold it.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final, Literal, assert_never

from sqlalchemy import (
    ColumnElement,
    and_,
    any_,
    case,
    exists,
    func,
    insert,
    literal,
    select,
    update,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.database import Way, Writing, columns, fetch, fetch_one, values
from storage.pages import newest_first, page_by_time
from storage.reads import IDS, Read, rows, rows_of
from storage.refusals import Missing, NotAllowed, Refusal, WrongCredentials
from storage.rows import OpenSessionRow, Page, PageRequest, SessionId, SessionRow, UserId
from storage.tables import credentials, refresh_tokens, sessions

State = Literal["LIVE", "REPEATED", "REUSED"]

COLUMNS = columns(sessions, SessionRow)
OPEN_COLUMNS = columns(sessions, OpenSessionRow)
# For so long an address where somebody proved the password is known to be theirs.
KNOWN_FOR: Final = timedelta(days=90)
LONGEST_AGENT: Final = 300
IS_LIVE = and_(sessions.c.ended_at.is_(None), sessions.c.expires_at > func.now())


@dataclass(frozen=True, slots=True)
class Device:
    """What a session is opened on: a digest of its address, and what it calls itself."""

    address_digest: bytes | None = None
    user_agent: str = ""


UNKNOWN: Final = Device()


LIVE: Final = Read.of(
    select(*COLUMNS).where(sessions.c.id == any_(IDS), IS_LIVE), rows_of(SessionRow)
)


def is_live(id: ColumnElement[Any], user_id: ColumnElement[Any]) -> ColumnElement[bool]:
    """Whether the session has that id and that user, and has neither ended nor run out."""
    return exists().where(sessions.c.id == id, sessions.c.user_id == user_id, IS_LIVE)


async def live(way: Way, ids: Sequence[SessionId]) -> dict[SessionId, SessionRow]:
    """The sessions among *ids* that have neither ended nor run out."""
    return {row.id: row for row in await rows(way, LIVE, ids=ids)}


async def live_among(connection: AsyncConnection, ids: Sequence[SessionId]) -> set[SessionId]:
    """Those of the sessions that have neither ended nor run out."""
    wanted = select(sessions.c.id).where(sessions.c.id.in_(ids), IS_LIVE)
    return set(await values(connection, wanted))


async def begin(
    tx: Writing, user_id: UserId, token: str, lifetime: timedelta, device: Device = UNKNOWN
) -> SessionRow:
    """A new session of that user, to be carried on with *token*.

    Raises NotAllowed when the account is suspended, WrongCredentials when it is being deleted.
    """
    # Who deletes the account waits for this lock, and then ends this session with the others.
    known = select(
        credentials.c.user_id,
        literal(lifetime) + func.now(),
        literal(device.address_digest, sessions.c.address_digest.type),
        literal(device.user_agent[:LONGEST_AGENT]),
    )
    is_open = and_(credentials.c.user_id == user_id, credentials.c.suspended_for.is_(None))
    known = known.where(is_open).with_for_update(read=True, key_share=True)
    names = ["user_id", "expires_at", "address_digest", "user_agent"]
    beginning = insert(sessions).from_select(names, known).returning(*COLUMNS)
    session = await fetch_one(tx, beginning, SessionRow)
    if session is None:
        raise await _kept_out(tx, user_id)
    await _add_token(tx, session.id, token)
    return session


async def refresh(
    tx: Writing, token: str, successor: str, *, lifetime: timedelta, grace: timedelta
) -> SessionRow | None:
    """The session that *token* belongs to, with *successor* in its place; None is a refusal.

    Repeating the last step within *grace* changes nothing and succeeds, so that a client
    whose answer was lost, or whose second tab asked too, goes on with the same successor.
    Any other use of a used token ends the session: commit also when the answer is None.
    """
    session = await _locked(tx, token)
    if session is None:
        return None
    match await _state(tx, token, successor, grace):
        case "LIVE":
            await _replace(tx, session.id, token, successor, lifetime)
        case "REPEATED":
            pass
        case "REUSED":
            await end(tx, session.id)
            return None
        case unknown:
            assert_never(unknown)
    return session


async def end(tx: Writing, id: SessionId) -> None:
    """End the session with all its tokens; ending twice is ending once."""
    ending = update(sessions).where(sessions.c.id == id, sessions.c.ended_at.is_(None))
    await tx.execute(ending.values(ended_at=func.now()))


async def end_own(tx: Writing, id: SessionId, user_id: UserId, *path: str) -> None:
    """End a live session of that user. Raises Missing when there is none."""
    ending = update(sessions).where(sessions.c.id == id, sessions.c.user_id == user_id, IS_LIVE)
    ended = await tx.execute(ending.values(ended_at=func.now()))
    if not ended.rowcount:
        raise Missing("there is no such session", *path)


async def end_all(tx: Writing, user_id: UserId, but: SessionId | None = None) -> int:
    """End every live session of that user, *but* one; how many there were."""
    theirs = and_(sessions.c.user_id == user_id, IS_LIVE)
    others = theirs if but is None else and_(theirs, sessions.c.id != but)
    return (await tx.execute(update(sessions).where(others).values(ended_at=func.now()))).rowcount


async def open_of(
    connection: AsyncConnection, user_id: UserId, request: PageRequest
) -> Page[OpenSessionRow]:
    """The live sessions of a user, the one that was opened last first."""
    theirs = select(*OPEN_COLUMNS).where(sessions.c.user_id == user_id, IS_LIVE)
    statement = newest_first(theirs, sessions.c.created_at, sessions.c.id, request)
    rows = await fetch(connection, statement, OpenSessionRow)
    return page_by_time(request, rows)


async def known_by(
    connection: AsyncConnection, user_id: UserId, token: str, address_digest: bytes | None
) -> SessionId | Literal["ADDRESS"] | None:
    """What shows that a device is no stranger: a session whose token it holds, or its address.

    A token may have been used and its session run out; not so one that was ended.
    """
    is_theirs = and_(sessions.c.user_id == user_id, sessions.c.ended_at.is_(None))
    holds = select(sessions.c.id).join(refresh_tokens).where(is_theirs, _is(token))
    since = func.now() - literal(KNOWN_FOR)
    was_here = exists(
        select(1).where(
            sessions.c.user_id == user_id,
            sessions.c.address_digest == (address_digest or b""),
            sessions.c.created_at > since,
        )
    )
    asked = select(holds.scalar_subquery(), was_here)
    held, is_known = (await connection.execute(asked)).one()
    return held or ("ADDRESS" if is_known else None)


async def _kept_out(tx: Writing, user_id: UserId) -> Refusal:
    wanted = select(credentials.c.suspended_for).where(credentials.c.user_id == user_id)
    for reason in await values(tx, wanted):
        because = f": {reason}" if reason else ""
        return NotAllowed(f"the account is suspended{because}", "input")
    return WrongCredentials("the login or the password is wrong", "input")


async def _locked(tx: Writing, token: str) -> SessionRow | None:
    # The row of the session is the lock of all its tokens. What its tokens look like is asked
    # in a later statement, which sees what the holder before us has committed.
    own = select(refresh_tokens.c.session_id).where(_is(token)).scalar_subquery()
    wanted = select(*COLUMNS).where(sessions.c.id == own, IS_LIVE).with_for_update()
    return await fetch_one(tx, wanted, SessionRow)


async def _state(tx: Writing, token: str, successor: str, grace: timedelta) -> State:
    used_at = refresh_tokens.c.used_at
    next_token = refresh_tokens.alias("next_token")
    is_next_unused = exists(
        select(1).where(
            next_token.c.token_hash == _hash(successor),
            next_token.c.used_at.is_(None),
        )
    )
    # The transaction may have waited for the lock, so now() can lie before used_at.
    is_recent = used_at > func.clock_timestamp() - grace
    state = case(
        (used_at.is_(None), literal("LIVE")),
        (and_(is_recent, is_next_unused), literal("REPEATED")),
        else_=literal("REUSED"),
    )
    found: State = (await values(tx, select(state).where(_is(token))))[0]
    return found


async def _replace(
    tx: Writing, id: SessionId, token: str, successor: str, lifetime: timedelta
) -> None:
    await tx.execute(update(refresh_tokens).where(_is(token)).values(used_at=func.now()))
    await _add_token(tx, id, successor)
    sliding = update(sessions).where(sessions.c.id == id)
    await tx.execute(sliding.values(expires_at=func.now() + lifetime, used_at=func.now()))


async def _add_token(tx: Writing, session_id: SessionId, token: str) -> None:
    row = {"token_hash": _hash(token), "session_id": session_id}
    await tx.execute(insert(refresh_tokens).values(row))


def _is(token: str) -> ColumnElement[bool]:
    return refresh_tokens.c.token_hash == _hash(token)


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
