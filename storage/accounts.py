"""Accounts: the lock of what one does with one's own, and the names they go by."""

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import delete, func, insert, literal, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.database import Writing, columns, fetch, fetch_one, values
from storage.refusals import Conflict, Missing, NotAllowed, Taken
from storage.rows import AccountRow, CredentialsRow, UserId, UserRow
from storage.tables import credentials, former_usernames, users

COLUMNS = columns(users, UserRow)
# How long a name that was given up waits for its former owner.
HELD: Final = timedelta(days=14)
# How many times a name can be changed in as many days.
MOST_CHANGES: Final = 2
USERNAME: Final = ("input", "username")


async def lock(tx: Writing, id: UserId) -> CredentialsRow | None:
    """Keep a user from doing two such things at once; None for an account that is being deleted.

    Avatar, username, export and deletion wait for one another here, before any other lock.
    """
    wanted = select(*columns(credentials, CredentialsRow)).where(credentials.c.user_id == id)
    return await fetch_one(tx, wanted.with_for_update(), CredentialsRow)


async def require(tx: Writing, id: UserId) -> None:
    """Like `lock`. Raises Missing for an account that is being deleted."""
    if await lock(tx, id) is None:
        raise Missing("the account is being deleted", "input")


async def of_user(connection: AsyncConnection, id: UserId) -> AccountRow | None:
    """What only the user sees of an account; None when it is being deleted."""
    wanted = select(*columns(credentials, AccountRow)).where(credentials.c.user_id == id)
    return await fetch_one(connection, wanted, AccountRow)


async def change_password(tx: Writing, known: CredentialsRow, password_hash: str) -> None:
    """Put another password in the place of one that was checked.

    Raises Conflict when that is no longer the password.
    """
    locked = await lock(tx, known.user_id)
    if locked is None or locked.password_hash != known.password_hash:
        raise Conflict("the password has just been changed; try again", "input")
    await set_password(tx, known.user_id, password_hash)


async def set_password(tx: Writing, id: UserId, password_hash: str) -> None:
    """Put another password in the place of whatever there was."""
    setting = update(credentials).where(credentials.c.user_id == id)
    await tx.execute(setting.values(password_hash=password_hash))


async def verify_email(tx: Writing, id: UserId, email: str) -> None:
    """Note that the user reads the mails of their address; nothing if it is another by now."""
    is_same = func.lower(credentials.c.email) == func.lower(email)
    verifying = update(credentials).where(credentials.c.user_id == id, is_same)
    await tx.execute(
        verifying.values(verified_at=func.coalesce(credentials.c.verified_at, func.now()))
    )


async def change_email(tx: Writing, id: UserId, email: str) -> str:
    """Put a proven address in the place of the one before, which is answered.

    Raises Taken when it has an account, and Missing for an account that is being deleted.
    """
    await require(tx, id)
    before: str = (
        await values(tx, select(credentials.c.email).where(credentials.c.user_id == id))
    )[0]
    changing = update(credentials).where(credentials.c.user_id == id)
    try:
        await tx.execute(changing.values(email=email, verified_at=func.now()))
    except IntegrityError as error:
        raise Taken("that e-mail address has an account", "input", "code") from error
    return before


async def rename(tx: Writing, id: UserId, username: str) -> UserRow:
    """The user under another name; the same name again changes nothing.

    Raises Taken, and NotAllowed when the name was changed too often. Another case of the same
    name is no change in this sense.
    """
    await require(tx, id)
    before = (await fetch(tx, select(*COLUMNS).where(users.c.id == id), UserRow))[0]
    is_other = username.lower() != before.username.lower()
    if is_other:
        await _give_up(tx, before)
    naming = update(users).where(users.c.id == id).values(username=username)
    try:
        row = (await fetch(tx, naming.returning(*COLUMNS), UserRow))[0]
    except IntegrityError as error:
        raise Taken("that username is taken", *USERNAME) from error
    if is_other:
        await require_free(tx, username, id)
    return row


async def require_free(tx: Writing, username: str, id: UserId) -> None:
    """Raises Taken when the name waits for somebody else; ask once the name is in its place.

    Then whoever gave it up has committed, or comes after and finds it in use.
    """
    is_held = former_usernames.c.given_up_at > func.now() - literal(HELD)
    held = select(former_usernames.c.id).where(
        former_usernames.c.username == username.lower(), former_usernames.c.user_id != id, is_held
    )
    if await values(tx, held.limit(1)):
        raise Taken("that username is taken", *USERNAME)


async def _give_up(tx: Writing, before: UserRow) -> None:
    own = former_usernames.c.user_id == before.id
    given_up_at = former_usernames.c.given_up_at
    is_old = given_up_at <= func.now() - literal(HELD)
    await tx.execute(delete(former_usernames).where(own, is_old))
    recent: list[datetime] = list(
        await values(tx, select(given_up_at).where(own).order_by(given_up_at.desc()))
    )
    if len(recent) >= MOST_CHANGES:
        again_at = recent[MOST_CHANGES - 1] + HELD
        raise NotAllowed(
            f"the username was changed {len(recent)} times in {HELD.days} days; "
            f"it can be changed again from {again_at:%Y-%m-%dT%H:%M:%SZ}",
            *USERNAME,
        )
    giving_up = insert(former_usernames).values(user_id=before.id, username=before.username.lower())
    await tx.execute(giving_up)
