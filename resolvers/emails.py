"""What is proved by e-mail, and what it is proved for: an address, another one, a password."""

from datetime import timedelta
from typing import Final

from resolvers import credentials, proofs
from resolvers.context import Context, Info
from resolvers.sessions import begun, opened
from schema.emails import (
    Account,
    AccountPayload,
    ChangeEmailInput,
    ChangePasswordInput,
    MailPayload,
    RequestPasswordResetInput,
    ResetPasswordInput,
    VerifyEmailInput,
)
from schema.sessions import SessionPayload
from storage import accounts, attempts, mails, sessions
from storage.database import Writing
from storage.refusals import Expired, Missing, NotAllowed
from storage.rows import MailKind, UserId

# How many mails an address gets that it may not have asked for, and how many an asker sends.
MOST_PER_EMAIL: Final = 3
MOST_PER_CLIENT: Final = 20
WINDOW: Final = timedelta(hours=1)


async def account(info: Info) -> Account:
    """What only you see of your account. Needs a session."""
    viewer = info.context.signed_in().user_id
    async with info.context.database.connect() as connection:
        row = await accounts.of_user(connection, viewer)
        awaited = await mails.awaited(connection, viewer)
    if row is None:
        raise Missing("the account is being deleted")
    return Account.of(row, awaited)


async def change_password(info: Info, input: ChangePasswordInput) -> SessionPayload:
    """Have another password; the answer holds a new session, and all others end.

    That includes the one that asks: whoever may have copied its tokens is out within a second.
    A mail tells of it.
    """
    context, session = info.context, info.context.signed_in()
    password = credentials.new_password(input.new_password, "newPassword")
    typed = credentials.password(input.password)
    known = await proofs.again(context, session, typed, "input", "password")
    password_hash = await context.parts.passwords.hashed(password)
    async with context.database.begin() as tx:
        await accounts.change_password(tx, known, password_hash)
        await _end_everything(tx, known.user_id)
        row, token = await begun(tx, context, known.user_id)
    context.parts.callers.forget(session)
    return opened(context, row, token)


async def change_email(info: Info, input: ChangeEmailInput) -> AccountPayload:
    """Ask for another e-mail address: a code is sent there, and verifyEmail makes it yours.

    Until then the old one stays. The answer does not tell whether the address has an account.
    """
    context, session = info.context, info.context.signed_in()
    email = credentials.email(input.email)
    typed = credentials.password(input.password)
    known = await proofs.again(context, session, typed, "input", "password")
    async with context.database.begin() as tx:
        await _require_few(tx, context, email, "input", "email")
        await accounts.require(tx, known.user_id)
        await mails.withdraw(tx, known.user_id, MailKind.CHANGE_EMAIL)
        await mails.ask(tx, MailKind.CHANGE_EMAIL, email, known.user_id)
        return await _payload(tx, known.user_id)


async def request_verification(info: Info) -> MailPayload:
    """Have another code sent to your e-mail address; nothing when it is verified already."""
    context, viewer = info.context, info.context.signed_in().user_id
    async with context.database.begin() as tx:
        row = await accounts.of_user(tx, viewer)
        if row is not None and row.verified_at is None:
            await _require_few(tx, context, row.email)
            await mails.ask(tx, MailKind.VERIFY_EMAIL, row.email, viewer)
    return MailPayload()


async def verify_email(info: Info, input: VerifyEmailInput) -> AccountPayload:
    """Prove an e-mail address with the code that was sent to it. Works without a session.

    The account is in the answer only if it is the viewer's own.
    """
    context = info.context
    viewer = context.caller.session.user_id if context.caller.session else None
    async with context.database.begin() as tx:
        proof = await mails.use(tx, input.code, MailKind.VERIFY_EMAIL, MailKind.CHANGE_EMAIL)
        if proof is None:
            raise _no_such_code()
        if proof.kind is MailKind.CHANGE_EMAIL:
            before = await accounts.change_email(tx, proof.user_id, proof.email)
            await mails.withdraw(tx, proof.user_id, MailKind.RESET_PASSWORD, MailKind.VERIFY_EMAIL)
            await mails.ask(tx, MailKind.EMAIL_CHANGED, before, proof.user_id)
        else:
            await accounts.verify_email(tx, proof.user_id, proof.email)
        if proof.user_id != viewer:
            return AccountPayload()
        return await _payload(tx, viewer)


async def request_password_reset(info: Info, input: RequestPasswordResetInput) -> MailPayload:
    """Have a code sent with which resetPassword sets another password.

    The answer is the same whether or not the address has an account.
    """
    context = info.context
    email = credentials.email(input.email)
    async with context.database.begin() as tx:
        if await _are_few(tx, context, email):
            await mails.ask(tx, MailKind.RESET_PASSWORD, email)
    return MailPayload()


async def reset_password(info: Info, input: ResetPasswordInput) -> SessionPayload:
    """Set another password with the code that came by e-mail; every session ends.

    The answer holds a new session, however many wrong passwords others have tried.
    """
    context = info.context
    password = credentials.new_password(input.password)
    password_hash = await context.parts.passwords.hashed(password)
    async with context.database.begin() as tx:
        proof = await mails.use(tx, input.code, MailKind.RESET_PASSWORD)
        if proof is None:
            raise _no_such_code()
        await accounts.require(tx, proof.user_id)
        await accounts.set_password(tx, proof.user_id, password_hash)
        await accounts.verify_email(tx, proof.user_id, proof.email)
        await _end_everything(tx, proof.user_id)
        row, token = await begun(tx, context, proof.user_id)
    return opened(context, row, token)


async def _end_everything(tx: Writing, id: UserId) -> None:
    """End what somebody else may hold, and tell the owner by mail."""
    await sessions.end_all(tx, id)
    await mails.withdraw(tx, id, MailKind.RESET_PASSWORD, MailKind.CHANGE_EMAIL)
    row = await accounts.of_user(tx, id)
    if row is not None:
        await mails.ask(tx, MailKind.PASSWORD_CHANGED, row.email, id)


async def _require_few(tx: Writing, context: Context, email: str, *path: str) -> None:
    if not await _are_few(tx, context, email):
        raise NotAllowed("too many mails were sent; try again in an hour", *path)


async def _are_few(tx: Writing, context: Context, email: str) -> bool:
    digest, address = context.parts.tokens.digest, context.client.address
    by_client = digest("mails", "client", address)
    if address and not await attempts.admit(tx, by_client, MOST_PER_CLIENT, WINDOW):
        return False
    return await attempts.admit(tx, digest("mails", "to", email.lower()), MOST_PER_EMAIL, WINDOW)


async def _payload(tx: Writing, id: UserId) -> AccountPayload:
    row = await accounts.of_user(tx, id)
    awaited = await mails.awaited(tx, id)
    return AccountPayload(account=Account.of(row, awaited) if row else None)


def _no_such_code() -> Expired:
    return Expired(
        "the code is wrong, too old, or was used before; ask for another", "input", "code"
    )
