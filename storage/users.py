"""People: their profiles and credentials."""

from collections.abc import Sequence

from sqlalchemy import func, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from storage import accounts
from storage.database import Writing, columns, fetch, fetch_one
from storage.pages import newest_first, page
from storage.refusals import Missing, Taken
from storage.rows import CredentialsRow, Cursor, Page, PageRequest, UserId, UserRow
from storage.tables import credentials, users
from storage.visibility import user_visible_to

COLUMNS = columns(users, UserRow)


async def by_ids(
    connection: AsyncConnection, ids: Sequence[UserId], viewer: UserId | None
) -> dict[UserId, UserRow]:
    """The users among *ids* that *viewer* may know of."""
    known = select(*COLUMNS).where(users.c.id.in_(ids), user_visible_to(viewer))
    return {row.id: row for row in await fetch(connection, known, UserRow)}


async def by_username(
    connection: AsyncConnection, username: str, viewer: UserId | None
) -> UserRow | None:
    """The user of that name in any case, if *viewer* may know of them."""
    named = func.lower(users.c.username) == username.lower()
    return await fetch_one(
        connection, select(*COLUMNS).where(named, user_visible_to(viewer)), UserRow
    )


async def require(connection: AsyncConnection, id: UserId, viewer: UserId | None) -> UserRow:
    """The user, or Missing when *viewer* may not know of them."""
    found = await by_ids(connection, [id], viewer)
    if id not in found:
        raise Missing("there is no such user", "id")
    return found[id]


async def newest(
    connection: AsyncConnection, request: PageRequest, viewer: UserId | None
) -> Page[UserRow]:
    """The people who joined last, first."""
    known = select(*COLUMNS).where(user_visible_to(viewer))
    statement = newest_first(known, users.c.created_at, users.c.id, request)
    rows = await fetch(connection, statement, UserRow)
    return page(request, rows, [Cursor(row.created_at, row.id) for row in rows])


async def add(
    tx: Writing, *, username: str, email: str, password_hash: str, display_name: str
) -> UserRow:
    """A new user. Raises Taken when the username or the address has one already."""
    making = insert(users).values(username=username, display_name=display_name).returning(*COLUMNS)
    try:
        row = (await fetch(tx, making, UserRow))[0]
        await tx.execute(
            insert(credentials).values(user_id=row.id, email=email, password_hash=password_hash)
        )
    except IntegrityError as error:
        raise _taken(error) from error
    await accounts.require_free(tx, username, row.id)
    return row


def _taken(error: IntegrityError) -> Taken:
    if "users_username_key" in str(error.orig):
        return Taken("that username is taken", "input", "username")
    return Taken("that e-mail address has an account", "input", "email")


async def credentials_of(connection: AsyncConnection, login: str) -> CredentialsRow | None:
    """The credentials of the user with that username or e-mail address, in any case."""
    # No username has an @ and every address has one: a single index answers.
    named = credentials.c.email if "@" in login else users.c.username
    matching = (
        select(credentials.c.user_id, credentials.c.password_hash)
        .join(users)
        .where(func.lower(named) == func.lower(login))
    )
    return await fetch_one(connection, matching, CredentialsRow)


async def credentials_by_id(connection: AsyncConnection, id: UserId) -> CredentialsRow | None:
    """The credentials of a user; None for an account that is being deleted."""
    known = select(*columns(credentials, CredentialsRow)).where(credentials.c.user_id == id)
    return await fetch_one(connection, known, CredentialsRow)


async def replace_password_hash(tx: Writing, known: CredentialsRow, password_hash: str) -> None:
    """Keep the same password under another hash, unless the password was changed meanwhile."""
    is_same = credentials.c.password_hash == known.password_hash
    replacing = update(credentials).where(credentials.c.user_id == known.user_id, is_same)
    await tx.execute(replacing.values(password_hash=password_hash))


async def change(
    tx: Writing,
    id: UserId,
    *,
    display_name: str | None = None,
    bio: str | None = None,
    is_private: bool | None = None,
) -> UserRow:
    """The user with those fields that are not None changed."""
    given = {"display_name": display_name, "bio": bio, "is_private": is_private}
    changed = {name: value for name, value in given.items() if value is not None}
    row = (
        await fetch_one(
            tx,
            update(users).where(users.c.id == id).values(changed).returning(*COLUMNS),
            UserRow,
        )
        if changed
        else (await by_ids(tx, [id], id)).get(id)
    )
    if row is None:
        raise Missing("there is no such user", "id")
    return row
