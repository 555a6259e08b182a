"""Sessions, and the refresh tokens that carry each of them on.

A token comes in as text and is kept as its SHA-256. Every token but the newest of a
session has been used; using one of those again means that two parties hold it.
"""

import hashlib
from collections.abc import Sequence
from datetime import timedelta
from typing import Literal, assert_never

from sqlalchemy import ColumnElement, and_, case, exists, func, insert, literal, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.database import Writing, columns, fetch_one, values
from storage.refusals import WrongCredentials
from storage.rows import SessionId, SessionRow, UserId
from storage.tables import credentials, refresh_tokens, sessions

State = Literal["LIVE", "REPEATED", "REUSED"]

COLUMNS = columns(sessions, SessionRow)
IS_LIVE = and_(sessions.c.ended_at.is_(None), sessions.c.expires_at > func.now())


async def live(connection: AsyncConnection, id: SessionId) -> SessionRow | None:
    """The session, unless it has ended or run out."""
    wanted = select(*COLUMNS).where(sessions.c.id == id, IS_LIVE)
    return await fetch_one(connection, wanted, SessionRow)


async def live_among(connection: AsyncConnection, ids: Sequence[SessionId]) -> set[SessionId]:
    """Those of the sessions that have neither ended nor run out."""
    wanted = select(sessions.c.id).where(sessions.c.id.in_(ids), IS_LIVE)
    return set(await values(connection, wanted))


async def begin(tx: Writing, user_id: UserId, token: str, lifetime: timedelta) -> SessionRow:
    """A new session of that user, to be carried on with *token*.

    Raises WrongCredentials when the account is being deleted.
    """
    # Who deletes the account waits for this lock, and then ends this session with the others.
    known = select(credentials.c.user_id, literal(lifetime) + func.now())
    known = known.where(credentials.c.user_id == user_id).with_for_update(read=True, key_share=True)
    beginning = insert(sessions).from_select(["user_id", "expires_at"], known).returning(*COLUMNS)
    session = await fetch_one(tx, beginning, SessionRow)
    if session is None:
        raise WrongCredentials("the login or the password is wrong", "input")
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
    await tx.execute(sliding.values(expires_at=func.now() + lifetime))


async def _add_token(tx: Writing, session_id: SessionId, token: str) -> None:
    row = {"token_hash": _hash(token), "session_id": session_id}
    await tx.execute(insert(refresh_tokens).values(row))


def _is(token: str) -> ColumnElement[bool]:
    return refresh_tokens.c.token_hash == _hash(token)


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
