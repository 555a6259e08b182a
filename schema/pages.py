"""What all connections share."""

import base64
import binascii
import math
import struct
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Literal, Self, TypeVar
from uuid import UUID

import strawberry

from schema.views import view
from storage.rows import Cursor, Page, Place, Placed

Row = TypeVar("Row")
Edge = TypeVar("Edge")

# Which list a cursor belongs to: a cursor of photos means nothing among followers.
Listed = Literal[
    "photos",
    "users",
    "comments",
    "replies",
    "notifications",
    "tagged",
    "open",
    "judged",
    "entries",
]
# The same for lists that are ordered by a score.
Scored = Literal["found", "near", "people", "best"]

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_FORMAT: Final = struct.Struct(">cq16s")
_SCORED: Final = struct.Struct(">cdq16s")
_MICROSECOND: Final = timedelta(microseconds=1)
_URLSAFE: Final = bytes.maketrans(b"+/", b"-_")


@view(
    has_next_page=lambda info: info.row.has_next,
    has_previous_page=lambda info: info.row.has_previous,
    start_cursor=lambda info: _cursor_at(info, 0),
    end_cursor=lambda info: _cursor_at(info, -1),
)
@strawberry.type(description="Where a page lies in its list.")
class PageInfo:
    has_next_page: bool = strawberry.field(description="Whether more follows after endCursor.")
    has_previous_page: bool = strawberry.field(
        description="Whether the page was asked for with a cursor: something lies before it."
    )
    start_cursor: str | None = strawberry.field(
        description="Cursor of the first entry; null when the page is empty."
    )
    end_cursor: str | None = strawberry.field(
        description="Cursor of the last entry, to be given as `after`; null when the page is empty."
    )
    row: strawberry.Private[Page[Any]]
    listed: strawberry.Private[Listed | Scored]

    @classmethod
    def of(cls, page: Page[Any], listed: Listed | Scored) -> Self:
        made = cls.__new__(cls)
        made.row, made.listed = page, listed
        return made


def _cursor_at(info: PageInfo, place: int) -> str | None:
    cursors = info.row.cursors
    return written(info.listed, cursors[place]) if cursors else None


def in_list(edge: type[Edge]) -> type[Edge]:
    """Make a Strawberry type's `cursor` be written when it is asked for; `connected` makes them."""
    shape: Any = edge
    shape.cursor = property(lambda entry: written(entry.listed, entry.place))
    return edge


def connected(
    page: Page[Row], listed: Listed | Scored, edge: type[Edge], of: Callable[[Row], object]
) -> tuple[list[Edge], PageInfo]:
    """What every connection is made of: an *edge* with its cursor for each row, and their place."""
    edges = []
    for place, row in zip(page.cursors, page.rows, strict=True):
        entry: Any = edge.__new__(edge)
        entry.listed, entry.place, entry.node = listed, place, of(row)
        edges.append(entry)
    return edges, PageInfo.of(page, listed)


def written(listed: Listed | Scored, place: Placed) -> str:
    """The cursor as clients see it: opaque, of constant length in one list."""
    tag, micros = listed[:1].encode(), (place.created_at - _EPOCH) // _MICROSECOND
    id = place.id.int.to_bytes(16)
    packed = (
        _SCORED.pack(tag, place.score, micros, id)
        if isinstance(place, Place)
        else _FORMAT.pack(tag, micros, id)
    )
    # What base64.urlsafe_b64encode does, without its two steps on the way.
    return binascii.b2a_base64(packed, newline=False).translate(_URLSAFE).decode()


def parsed(listed: Listed, text: str) -> Cursor:
    """The place in a list. Raises ValueError when *text* is no cursor of such a list."""
    micros, id = _unpacked(_FORMAT, listed, text)
    return Cursor(_moment(micros), UUID(bytes=id))


def parsed_place(listed: Scored, text: str) -> Place:
    """The same for a list that is ordered by a score."""
    score, micros, id = _unpacked(_SCORED, listed, text)
    if not math.isfinite(score):
        raise ValueError("no cursor has such a score")
    return Place(_moment(micros), UUID(bytes=id), score)


def _unpacked(form: struct.Struct, listed: str, text: str) -> tuple[Any, ...]:
    packed = base64.b64decode(text.encode("ascii"), altchars=b"-_", validate=True)
    try:
        found, *parts = form.unpack(packed)
    except struct.error as error:
        raise ValueError(f"not a cursor: {text[:40]!r}") from error
    if found != listed[:1].encode():
        raise ValueError("a cursor of another list")
    return tuple(parts)


def _moment(micros: int) -> datetime:
    try:
        return _EPOCH + micros * _MICROSECOND
    except OverflowError as error:
        raise ValueError("no cursor has such a moment") from error
