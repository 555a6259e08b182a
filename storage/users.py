"""People: their profiles and credentials."""

from collections.abc import Sequence
from functools import lru_cache, partial
from typing import Any, Final

from sqlalchemy import Column, ColumnElement, Select, Text, func, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from storage import accounts
from storage.along import Along, Wide
from storage.database import Way, Writing, columns, fetch, fetch_one
from storage.edges import MOST_KEPT, Edges, Single
from storage.pages import newest_first, page, page_by_time
from storage.reads import among, listed, value
from storage.refusals import Missing, Taken
from storage.rows import CredentialsRow, Cursor, Page, PageRequest, UserId, UserRow
from storage.tables import credentials, users
from storage.visibility import Viewer, user_visible_to

COLUMNS = columns(users, UserRow)


async def by_ids(
    way: Way, ids: Sequence[UserId], viewer: UserId | None, along: Along | None = None
) -> dict[UserId, UserRow]:
    """The users among *ids* that *viewer* may know of."""
    read = _by_ids(viewer is None, len(ids) == 1, along.wanted.users if along else ())
    found = await read.rows(way, along, viewer=viewer, **listed(ids))
    return {row.id: row for row in found}


@lru_cache(MOST_KEPT)
def _by_ids(is_guest: bool, is_one: bool, edges: Edges) -> Wide[UserRow]:  # noqa: FBT001 - Told apart by them.
    known = partial(_known_by, among(users.c.id, is_one=is_one))
    return Wide(known, UserRow, edges, is_guest=is_guest)


async def by_username(
    way: Way, username: str, viewer: UserId | None, along: Along | None = None
) -> UserRow | None:
    """The user of that name in any case, if *viewer* may know of them."""
    read = _by_username(viewer is None, along.wanted.users if along else ())
    found = await read.rows(way, along, username=username.lower(), viewer=viewer)
    return found[0] if found else None


@lru_cache(MOST_KEPT)
def _by_username(is_guest: bool, edges: Edges) -> Wide[UserRow]:  # noqa: FBT001 - Told apart by it.
    named = func.lower(users.c.username) == value("username", Text())
    return Wide(partial(_known_by, named), UserRow, edges, is_guest=is_guest)


def _known_by(condition: ColumnElement[bool], viewer: Viewer | None) -> Select[Any]:
    return select(*COLUMNS).where(condition, user_visible_to(viewer))


# The user whose id an entry has.
ALONG: Final = Single(
    "user",
    lambda key, viewer: _known_by(users.c.id == key, viewer).correlate_except(users),
    UserRow,
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
    return page_by_time(request, rows)


async def paired(
    connection: AsyncConnection,
    listed: Column[UserId],
    condition: ColumnElement[bool],
    request: PageRequest,
) -> Page[UserRow]:
    """Those in the column *listed* of a table of pairs, the latest pair first.

    For whoever the pairs are of: nobody is left out.
    """
    at = listed.table.c.created_at
    pairs = select(at.label("paired_at"), *COLUMNS).join(users, users.c.id == listed)
    statement = newest_first(pairs.where(condition), at, listed, request)
    found = [(moment, UserRow(*user)) for moment, *user in await connection.execute(statement)]
    places = [Cursor(moment, row.id) for moment, row in found]
    return page(request, [row for _, row in found], places)


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
        select(*columns(credentials, CredentialsRow))
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
