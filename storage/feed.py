"""The home feed: READY photos of those a user follows, and their own."""

from sqlalchemy import select, true, union_all
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.sql import literal

from storage.database import columns, fetch
from storage.pages import newest_first, page
from storage.rows import Cursor, Page, PageRequest, PhotoRow, PhotoStatus, UserId
from storage.tables import follows, photos
from storage.visibility import visible_to


async def recent(
    connection: AsyncConnection, viewer: UserId, request: PageRequest
) -> Page[PhotoRow]:
    """Strictly newest first; the cost grows with the people followed, not with their photos.

    Each author gives at most one page from the index over their READY photos, and the page is
    the newest of those.
    """
    authors = union_all(
        select(follows.c.followee_id.label("id")).where(follows.c.follower_id == viewer),
        select(literal(viewer, photos.c.owner_id.type)),
    ).subquery("authors")
    of_one_author = newest_first(
        select(*columns(photos, PhotoRow)).where(
            photos.c.owner_id == authors.c.id,
            photos.c.status == PhotoStatus.READY,
            visible_to(viewer),
        ),
        photos.c.created_at,
        photos.c.id,
        request,
    ).lateral("entry")
    of_all = (
        select(of_one_author)
        .select_from(authors.join(of_one_author, true()))
        .order_by(of_one_author.c.created_at.desc(), of_one_author.c.id.desc())
        .limit(request.first + 1)
    )
    rows = await fetch(connection, of_all, PhotoRow)
    return page(request, rows, [Cursor(row.created_at, row.id) for row in rows])
