"""What all connections share."""

import base64
import struct
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Literal, Self
from uuid import UUID

import strawberry

from storage.rows import Cursor, Page

# Which list a cursor belongs to: a cursor of photos means nothing among followers.
Listed = Literal["photos", "users"]

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_FORMAT: Final = struct.Struct(">cq16s")
_MICROSECOND: Final = timedelta(microseconds=1)


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

    @classmethod
    def of(cls, page: Page[Any], cursors: list[str]) -> Self:
        return cls(
            has_next_page=page.has_next,
            has_previous_page=page.has_previous,
            start_cursor=cursors[0] if cursors else None,
            end_cursor=cursors[-1] if cursors else None,
        )


def written(listed: Listed, cursor: Cursor) -> str:
    """The cursor as clients see it: opaque, of constant length."""
    micros = (cursor.at - _EPOCH) // _MICROSECOND
    return base64.urlsafe_b64encode(
        _FORMAT.pack(listed[:1].encode(), micros, cursor.id.bytes)
    ).decode()


def parsed(listed: Listed, text: str) -> Cursor:
    """The place in a list. Raises ValueError when *text* is no cursor of such a list."""
    packed = base64.b64decode(text.encode("ascii"), altchars=b"-_", validate=True)
    try:
        found, micros, id = _FORMAT.unpack(packed)
        at = _EPOCH + micros * _MICROSECOND
    except (struct.error, OverflowError) as error:
        raise ValueError(f"not a cursor: {text[:40]!r}") from error
    if found != listed[:1].encode():
        raise ValueError("a cursor of another list")
    return Cursor(at, UUID(bytes=id))
