"""Signing up, coming in, carrying on, leaving; and where else one is signed in."""

from typing import Annotated

import strawberry

from resolvers import credentials, proofs
from resolvers.context import Context, Info
from resolvers.ids import as_session_id
from resolvers.paging import After, First, requested
from schema.deletions import DeletePayload
from schema.nodes import global_id
from schema.sessions import (
    EndSessionsPayload,
    LogInInput,
    LogOutPayload,
    OpenSessionConnection,
    RefreshSessionInput,
    Session,
    SessionPayload,
    SignUpInput,
)
from schema.users import DELETED, User
from storage import mails, sessions, users
from storage.database import Writing
from storage.refusals import WrongCredentials
from storage.rows import CredentialsRow, MailKind, SessionRow, UserId

SessionIdArgument = Annotated[
    strawberry.ID, strawberry.argument(description="The session, as `sessions` lists it.")
]


async def sign_up(info: Info, input: SignUpInput) -> SessionPayload:
    """Make an account and a session for it.

    An address that has an account already is answered with TAKEN. A code to verify the address
    is sent to it.
    """
    context = info.context
    wanted = credentials.new_account(input)
    password_hash = await context.parts.passwords.hashed(wanted.password)
    async with context.database.begin() as tx:
        user = await users.add(
            tx,
            username=wanted.username,
            email=wanted.email,
            password_hash=password_hash,
            display_name=wanted.display_name,
        )
        await mails.ask(tx, MailKind.VERIFY_EMAIL, wanted.email, user.id)
        row, token = await begun(tx, context, user.id)
    return opened(context, row, token)


async def log_in(info: Info, input: LogInInput) -> SessionPayload:
    """Open a session with a username or an e-mail address and the password.

    The answer does not tell whether the login or the password was wrong, nor whether too many
    wrong ones were tried: then strangers wait for up to 15 minutes, while devices and addresses
    that the account was opened from get in, and so does who resets the password by e-mail.
    """
    context = info.context
    password = credentials.password(input.password)
    login = credentials.login(input.login)
    async with context.parts.passwords.turn():
        known = await proofs.by_login(context, login, password, input.refresh_token)
        newer_hash = await _newer_hash(context, known, password)
        async with context.database.begin() as tx:
            if newer_hash is not None:
                await users.replace_password_hash(tx, known, newer_hash)
            row, token = await begun(tx, context, known.user_id)
    return opened(context, row, token)


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
    return opened(context, row, successor)


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
    return User.of(found.get(id) or DELETED)


async def every_session(
    info: Info, first: First = 20, after: After = None
) -> OpenSessionConnection:
    """Where you are signed in, the latest sign-in first. Needs a session."""
    current = info.context.signed_in()
    request = requested("open", first, after)
    async with info.context.database.connect() as connection:
        page = await sessions.open_of(connection, current.user_id, request)
    return OpenSessionConnection.of(page, current.id)


async def end_one(info: Info, id: SessionIdArgument) -> DeletePayload:
    """Sign out a device of yours; its tokens are of no use within a second."""
    context, current = info.context, info.context.signed_in()
    ending = as_session_id(id)
    async with context.database.begin() as tx:
        await sessions.end_own(tx, ending, current.user_id, "id")
    context.parts.callers.forget(SessionRow(ending, current.user_id))
    if ending == current.id:
        context.act_as(None)
    return DeletePayload(deleted_id=global_id("session", ending))


async def end_others(info: Info) -> EndSessionsPayload:
    """Sign out every device of yours but this one."""
    current = info.context.signed_in()
    async with info.context.database.begin() as tx:
        ended = await sessions.end_all(tx, current.user_id, but=current.id)
    return EndSessionsPayload(ended_count=ended)


async def begun(tx: Writing, context: Context, user_id: UserId) -> tuple[SessionRow, str]:
    """A new session of that user on the device that asks, and its refresh token."""
    token, lifetime = context.parts.tokens.first_refresh(), context.rules.refresh_token_ttl
    return await sessions.begin(tx, user_id, token, lifetime, proofs.device(context)), token


def opened(context: Context, row: SessionRow, refresh_token: str) -> SessionPayload:
    """The answer that opens a session or carries it on."""
    # The account's fields under the payload are for its owner, whatever token came along.
    context.act_as(row)
    access = context.parts.tokens.access(row)
    return SessionPayload(session=Session.of(row, access, refresh_token))


async def _newer_hash(context: Context, known: CredentialsRow, password: str) -> str | None:
    passwords = context.parts.passwords
    if not passwords.is_outdated(known.password_hash):
        return None
    return await passwords.hashed(password)


def _no_such_session() -> WrongCredentials:
    return WrongCredentials(
        "the refresh token is of no use (any more); log in again", "input", "refreshToken"
    )
