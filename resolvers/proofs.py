"""Proving a password, and how often one may try.

Whoever guesses is stopped, and the owner is not: strangers share one count for an account, while
an address that the account was opened from and a device that holds one of its refresh tokens
each have a count of their own. This is the idea of device cookies,
https://owasp.org/www-community/Slow_Down_Online_Guessing_Attacks_with_Device_Cookies.

A wrong password, an account that does not exist and a count that is used up take the same steps
and get the same answer.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final
from uuid import UUID

from resolvers.context import Context
from storage import attempts, sessions, users
from storage.database import Writing
from storage.refusals import WrongCredentials
from storage.rows import CredentialsRow, SessionRow, UserId
from storage.sessions import Device

WINDOW: Final = timedelta(minutes=15)
NOBODY: Final = UserId(UUID(int=0))


@dataclass(frozen=True, slots=True)
class _Attempt:
    known: CredentialsRow | None
    counted: tuple[bytes, ...]
    is_admitted: bool


def device(context: Context) -> Device:
    """What a session of this request is opened on."""
    return Device(_address_digest(context), _storable(context.client.agent))


async def by_login(
    context: Context, login: str | None, password: str, refresh_token: str | None
) -> CredentialsRow:
    """Whoever has that login and that password. Raises WrongCredentials."""
    async with context.database.begin() as tx:
        attempt = await _begun(tx, context, login or "", refresh_token or "")
    if not await _fits(context, attempt, password):
        raise WrongCredentials("the login or the password is wrong", "input")
    assert attempt.known is not None
    return attempt.known


async def again(context: Context, session: SessionRow, password: str, *path: str) -> CredentialsRow:
    """The viewer, who types the password once more. Raises WrongCredentials."""
    subject = context.parts.tokens.digest("attempts", "session", session.id.hex)
    async with context.database.begin() as tx:
        known = await users.credentials_by_id(tx, session.user_id)
        most = context.rules.login_checks_per_account
        is_admitted = await attempts.admit(tx, subject, most, WINDOW)
    if not await _fits(context, _Attempt(known, (subject,), is_admitted), password):
        raise WrongCredentials("the password is wrong", *path)
    assert known is not None
    return known


async def _begun(tx: Writing, context: Context, login: str, refresh_token: str) -> _Attempt:
    rules, digest = context.rules, context.parts.tokens.digest
    known = await users.credentials_of(tx, login)
    id = known.user_id if known is not None else NOBODY
    known_by = await sessions.known_by(tx, id, refresh_token, _address_digest(context))
    whose = id.hex if known is not None else login.lower()
    address = context.client.address
    match known_by:
        case None:
            where, most = "", rules.login_checks_per_account
        case "ADDRESS":
            where, most = address, rules.login_checks_per_address
        case session_id:
            # A device that has proved itself is not kept out by its neighbours.
            where, most, address = session_id.hex, rules.login_checks_per_account, ""
    by_account = digest("attempts", "account", whose, where), most
    by_address = digest("attempts", "address", address), rules.login_checks_per_address
    return await _admitted(tx, known, [by_address, by_account] if address else [by_account])


async def _admitted(
    tx: Writing, known: CredentialsRow | None, counts: list[tuple[bytes, int]]
) -> _Attempt:
    counted: list[bytes] = []
    for subject, most in counts:
        if not await attempts.admit(tx, subject, most, WINDOW):
            return _Attempt(known, tuple(counted), is_admitted=False)
        counted.append(subject)
    return _Attempt(known, tuple(counted), is_admitted=True)


async def _fits(context: Context, attempt: _Attempt, password: str) -> bool:
    # As slow without a hash to compare with.
    known = attempt.known if attempt.is_admitted else None
    password_hash = known.password_hash if known is not None else None
    if not await context.parts.passwords.match(password, password_hash):
        return False
    async with context.database.begin() as tx:
        for subject in attempt.counted:
            await attempts.give_back(tx, subject)
    return True


def _address_digest(context: Context) -> bytes | None:
    address = context.client.address
    return context.parts.tokens.digest("known address", address) if address else None


def _storable(text: str) -> str:
    return "".join(character for character in text if character.isprintable())
