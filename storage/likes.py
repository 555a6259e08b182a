"""Who likes which photo."""

from collections.abc import Sequence
from functools import cache
from typing import Any, Final

from sqlalchemy import CTE, ColumnElement, Select, any_, delete, exists, func, select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from storage import notifications, photos
from storage.database import Way, Writing, columns, fetch_one
from storage.edges import Edge
from storage.pages import any_page, asked, each, entry_of, newest_first, page_of_each, pages
from storage.reads import IDS, VIEWER, Read, first, rows
from storage.rows import (
    Cursor,
    NotificationKind,
    Page,
    PageRequest,
    PhotoId,
    PhotoRow,
    UserId,
    UserRow,
)
from storage.tables import likes, users
from storage.tables import photos as photo_table
from storage.visibility import Asking, Viewer, hidden_from, hidden_of, user_visible_to


async def add(tx: Writing, photo_id: PhotoId, viewer: UserId) -> PhotoRow:
    """The photo, liked. Again changes nothing.

    Raises Missing for a photo that *viewer* may not see, NotAllowed for one that is not live yet.
    """
    row = await photos.lock_live(tx, photo_id, viewer, "id")
    # The moment is taken under the lock, so the likes of a photo are ordered as they are kept.
    adding = (
        upsert(likes)
        .values(photo_id=photo_id, user_id=viewer, created_at=func.clock_timestamp())
        .on_conflict_do_nothing()
        .returning(likes.c.user_id)
    )
    counted = await _count(tx, photo_id, adding.cte("changed"), 1)
    if counted is None:
        return row
    await notifications.tell(tx, row.owner_id, NotificationKind.LIKE, viewer, photo=photo_id)
    return counted


async def remove(tx: Writing, photo_id: PhotoId, viewer: UserId) -> PhotoRow:
    """The photo, no longer liked. Again changes nothing.

    Raises Missing for a photo that *viewer* may not see, NotAllowed for one that is not live yet.
    """
    row = await photos.lock_live(tx, photo_id, viewer, "id")
    removing = (
        delete(likes)
        .where(likes.c.photo_id == photo_id, likes.c.user_id == viewer)
        .returning(likes.c.user_id)
    )
    counted = await _count(tx, photo_id, removing.cte("changed"), -1)
    if counted is None:
        return row
    await notifications.withdraw(tx, row.owner_id, NotificationKind.LIKE, viewer, photo=photo_id)
    return counted


def _liked(viewer: Viewer, photo_id: ColumnElement[Any]) -> Select[PhotoId]:
    return select(likes.c.photo_id).where(likes.c.user_id == viewer, likes.c.photo_id == photo_id)


LIKED: Final[Read[PhotoId]] = Read.of(_liked(VIEWER, any_(IDS)), first)
# Whether the viewer likes the photo whose id an entry has.
ALONG: Final = Edge(
    "liked",
    lambda key, viewer: select(exists(_liked(viewer, key).correlate_except(likes))),
    bool | None,
    is_of_viewer=True,
)


async def liked_by(way: Way, viewer: UserId, ids: Sequence[PhotoId]) -> set[PhotoId]:
    """Those of the photos that *viewer* likes."""
    return set(await rows(way, LIKED, viewer=viewer, ids=ids))


async def likers(
    way: Way, ids: Sequence[PhotoId], request: PageRequest, viewer: UserId | None
) -> dict[PhotoId, Page[UserRow]]:
    """For each photo one page of those who like it and *viewer* may know of, the latest first."""
    read = _likers(viewer is None, request.after is None)
    return pages(request, ids, await rows(way, read, ids=ids, viewer=viewer, **asked(request)))


@cache
def _likers(is_guest: bool, is_first: bool) -> Read[tuple[PhotoId, UserRow, Cursor]]:  # noqa: FBT001 - Told apart by them.
    parents = each(IDS)
    one_page = newest_first(
        select(likes.c.created_at.label("liked_at"), *columns(users, UserRow))
        .join(users, users.c.id == likes.c.user_id)
        .where(likes.c.photo_id == parents.c.id, user_visible_to(None if is_guest else VIEWER)),
        likes.c.created_at,
        likes.c.user_id,
        any_page(is_first=is_first),
    )
    return Read.of(page_of_each(parents, one_page), entry_of(UserRow))


def _hidden_of(photo_id: ColumnElement[Any], viewer: Asking) -> Select[Any]:
    is_hidden = likes.c.user_id.in_(hidden_from(viewer))
    of_photo = select(func.count()).where(likes.c.photo_id == photo_id, is_hidden)
    return of_photo.correlate_except(likes)


# How many likes of the photo whose id an entry has are hidden from the viewer.
HIDDEN: Final = hidden_of("hidden_likes", _hidden_of)


async def _count(tx: Writing, id: PhotoId, changed: CTE, by: int) -> PhotoRow | None:
    """The photo with the like that was *changed* counted; None when none was."""
    counting = (
        update(photo_table)
        .where(photo_table.c.id == id, exists(select(changed)))
        .values(like_count=photo_table.c.like_count + by)
        .returning(*photos.COLUMNS)
    )
    return await fetch_one(tx, counting, PhotoRow)
