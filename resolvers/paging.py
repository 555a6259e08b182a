"""The arguments that every connection takes."""

from typing import Annotated

import strawberry

from schema.pages import Listed, parsed
from storage.rows import PageRequest

MOST = 100
DEFAULT = 20

First = Annotated[
    int | None,
    strawberry.argument(description="How many at most, 1 to 100; null means 20."),
]
After = Annotated[
    str | None,
    strawberry.argument(description="The endCursor of the page before; null for the first page."),
]


class BadArgument(Exception):
    """An argument that no user interface would send; the text says what would be right."""


def requested(listed: Listed, first: int | None, after: str | None) -> PageRequest:
    """The page that was asked for. Raises BadArgument."""
    count = DEFAULT if first is None else first
    if not 1 <= count <= MOST:
        raise BadArgument(f"first must be from 1 to {MOST}, not {count}")
    if after is None:
        return PageRequest(count)
    try:
        return PageRequest(count, parsed(listed, after))
    except ValueError:
        raise BadArgument("after is no cursor of this list; give the endCursor of a page") from None
