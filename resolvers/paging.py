"""The arguments that every connection takes."""

from typing import Annotated

import strawberry

from schema.pages import Listed, Scored, parsed, parsed_place
from storage.rows import PageRequest, ScoredRequest

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
    count = _count(first)
    try:
        return PageRequest(count, parsed(listed, after) if after is not None else None)
    except ValueError:
        raise _no_cursor() from None


def requested_scored(listed: Scored, first: int | None, after: str | None) -> ScoredRequest:
    """The same for a list that is ordered by a score."""
    count = _count(first)
    try:
        return ScoredRequest(count, parsed_place(listed, after) if after is not None else None)
    except ValueError:
        raise _no_cursor() from None


def _count(first: int | None) -> int:
    count = DEFAULT if first is None else first
    if not 1 <= count <= MOST:
        raise BadArgument(f"first must be from 1 to {MOST}, not {count}")
    return count


def _no_cursor() -> BadArgument:
    return BadArgument("after is no cursor of this list; give the endCursor of a page")
