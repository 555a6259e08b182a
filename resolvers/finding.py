"""The text of a search, and people who are found by it."""

import unicodedata
from dataclasses import dataclass
from typing import Annotated, Final

import strawberry
from sqlalchemy.ext.asyncio import AsyncConnection

from resolvers.paging import BadArgument, requested, requested_scored
from resolvers.texts import CODE_POINTS_PER_CHARACTER, visible_length
from schema.users import UserConnection
from storage import users
from storage.rows import UserId
from storage.search import users as search_users

MAX_TEXT: Final = 100

UserSearch = Annotated[
    str | None,
    strawberry.argument(
        description="The beginning of a username or of a word of a name, or something spelled "
        "like one. Case and accents do not count, and nothing in the text has a special meaning. "
        "Usernames that begin so come first, then names, then what is spelled alike. Up to 100 "
        "characters; empty is as if not given, and without any letter or digit nobody is found."
    ),
]


@dataclass(frozen=True, slots=True)
class Asked:
    """One page of a list: how long, and after what."""

    first: int | None
    after: str | None


async def users_by(
    connection: AsyncConnection, asked: Asked, text: str | None, viewer: UserId | None
) -> UserConnection:
    """People whose names match. Raises BadArgument for a cursor of another list."""
    if text is not None:
        scored = requested_scored("people", asked.first, asked.after)
        found = await search_users.matching(connection, text, scored, viewer)
        return UserConnection.of(found, "people")
    request = requested("users", asked.first, asked.after)
    return UserConnection.of(await users.newest(connection, request, viewer))


def searched(text: str | None, name: str = "search") -> str | None:
    """The text to look for; None when there is none. Raises BadArgument when it is too long."""
    if text is None or not text.strip():
        return None
    length = visible_length(text)
    if length > MAX_TEXT or len(text) > MAX_TEXT * CODE_POINTS_PER_CHARACTER:
        raise BadArgument(f"{name} has {length:,} characters; the most is {MAX_TEXT}")
    return unicodedata.normalize("NFC", text.strip())
