"""Signing up, coming in, carrying on, leaving."""

import strawberry

from resolvers import credentials
from resolvers.context import Context, Info
from schema.sessions import (
    LogInInput,
    LogOutPayload,
    RefreshSessionInput,
    Session,
    SessionPayload,
    SignUpInput,
)
from schema.users import User
from storage import sessions, users
from storage.refusals import WrongCredentials
from storage.rows import CredentialsRow, SessionRow


async def sign_up(info: Info, input: SignUpInput) -> SessionPayload:
    """Make an account and a session for it.

    An address that has an account already is answered with TAKEN.
    """
    context = info.context
    wanted = credentials.new_account(input)
    password_hash = await context.parts.passwords.hashed(wanted.password)
    token = context.parts.tokens.first_refresh()
    async with context.database.begin() as tx:
        user = await users.add(
            tx,
            username=wanted.username,
            email=wanted.email,
            password_hash=password_hash,
            display_name=wanted.display_name,
        )
        row = await sessions.begin(tx, user.id, token, context.rules.refresh_token_ttl)
    return _opened(context, row, token)


async def log_in(info: Info, input: LogInInput) -> SessionPayload:
    """Open a session with a username or an e-mail address and the password.

    The answer does not tell whether the login or the password was wrong.
    """
    context = info.context
    password = credentials.password(input.password)
    known = await _proved(context, credentials.login(input.login), password)
    newer_hash = await _newer_hash(context, known, password)
    token = context.parts.tokens.first_refresh()
    async with context.database.begin() as tx:
        if newer_hash is not None:
            await users.replace_password_hash(tx, known, newer_hash)
        row = await sessions.begin(tx, known.user_id, token, context.rules.refresh_token_ttl)
    return _opened(context, row, token)


async def refresh(info: Info, input: RefreshSessionInput) -> SessionPayload:
    """Exchange the newest refresh token of a session for a new pair of tokens.

    Works without an access token. After a lost answer, repeat the call at once: the same
    step within a few seconds gives the same refresh token. Any other use of an old token
    ends the session, because it may have been stolen.
    """
    context = info.context
    successor = context.parts.tokens.next_refresh(input.refresh_token)
    if successor is None:
        raise _no_such_session()
    async with context.database.begin() as tx:
        row = await sessions.refresh(
            tx,
            input.refresh_token,
            successor,
            lifetime=context.rules.refresh_token_ttl,
            grace=context.rules.refresh_grace,
        )
    if row is None:
        raise _no_such_session()
    return _opened(context, row, successor)


async def log_out(info: Info) -> LogOutPayload:
    """End the session of the access token, with all its tokens."""
    context = info.context
    session = context.signed_in()
    async with context.database.begin() as tx:
        await sessions.end(tx, session.id)
    context.parts.callers.forget(session)
    context.act_as(None)
    return LogOutPayload()


async def user(session: strawberry.Parent[Session], info: Info) -> User:
    """Whose session it is."""
    id = session.user_id
    async with info.context.database.connect() as connection:
        found = await users.by_ids(connection, [id], viewer=id)
    return User.of(found[id])


async def _proved(context: Context, login: str | None, password: str) -> CredentialsRow:
    known = await _known(context, login)
    password_hash = known.password_hash if known is not None else None
    is_right = await context.parts.passwords.match(password, password_hash)
    if known is None or not is_right:
        raise WrongCredentials("the login or the password is wrong", "input")
    return known


async def _known(context: Context, login: str | None) -> CredentialsRow | None:
    if login is None:
        return None
    async with context.database.connect() as connection:
        return await users.credentials_of(connection, login)


async def _newer_hash(context: Context, known: CredentialsRow, password: str) -> str | None:
    passwords = context.parts.passwords
    if not passwords.is_outdated(known.password_hash):
        return None
    return await passwords.hashed(password)


def _opened(context: Context, row: SessionRow, refresh_token: str) -> SessionPayload:
    # The account's fields under the payload are for its owner, whatever token came along.
    context.act_as(row)
    access = context.parts.tokens.access(row)
    return SessionPayload(session=Session.of(row, access, refresh_token))


def _no_such_session() -> WrongCredentials:
    return WrongCredentials(
        "the refresh token is of no use (any more); log in again", "input", "refreshToken"
    )
