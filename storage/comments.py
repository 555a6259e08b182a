"""What people write under photos, in threads of any depth."""

from collections.abc import Sequence
from functools import cache, lru_cache
from typing import Any, Final

from sqlalchemy import (
    CTE,
    ColumnElement,
    Select,
    any_,
    delete,
    exists,
    func,
    insert,
    select,
    update,
)

from storage import notifications, photos
from storage.along import Along, Wide, page_of_each_along
from storage.database import Way, Writing, columns, fetch, fetch_one, values
from storage.edges import MOST_KEPT, Edges, Listed
from storage.pages import (
    any_page,
    asked,
    each,
    entry_of,
    oldest_first,
    page_of_each,
    pages,
)
from storage.reads import IDS, VIEWER, Read, rows, rows_of
from storage.refusals import Missing, NotAllowed
from storage.rows import (
    CommentId,
    CommentRow,
    Cursor,
    Page,
    PageRequest,
    PhotoId,
    PhotoRow,
    UserId,
)
from storage.tables import comments
from storage.tables import photos as photo_table
from storage.visibility import (
    Asking,
    Viewer,
    hidden_from,
    hidden_of,
    knows,
    visible_to,
)

COLUMNS = columns(comments, CommentRow)


async def by_ids(
    way: Way, ids: Sequence[CommentId], viewer: UserId | None
) -> dict[CommentId, CommentRow]:
    """The comments among *ids* that *viewer* may see.

    One sees the comments of a photo that one sees, except of authors whom one may not know of,
    and what hangs on anything that they wrote.
    """
    return {row.id: row for row in await rows(way, _by_ids(viewer is None), ids=ids, viewer=viewer)}


@cache
def _by_ids(is_guest: bool) -> Read[CommentRow]:  # noqa: FBT001 - Told apart by nothing else.
    viewer, chosen = None if is_guest else VIEWER, comments.c.id == any_(IDS)
    # Nobody's line is walked for a viewer from whom nobody is hidden.
    line = authors_above(chosen & exists(hidden_from(viewer)))
    is_hidden = select(line.c.id).where(line.c.author_id.in_(hidden_from(viewer)))
    seen = (
        select(*COLUMNS)
        .join(photo_table, photo_table.c.id == comments.c.photo_id)
        .where(chosen, visible_to(viewer), comments.c.id.not_in(is_hidden))
    )
    return Read.of(seen, rows_of(CommentRow))


def authors_above(chosen: ColumnElement[bool]) -> CTE:
    """Each of the comments with its author, and with the author of everything it replies to."""
    line = (
        select(comments.c.id, comments.c.author_id, comments.c.parent_id)
        .where(chosen)
        .cte("line", recursive=True)
    )
    above = comments.alias("above")
    return line.union_all(
        select(line.c.id, above.c.author_id, above.c.parent_id).join_from(
            line, above, above.c.id == line.c.parent_id
        )
    )


async def of_photos(
    way: Way,
    ids: Sequence[PhotoId],
    request: PageRequest,
    viewer: UserId | None,
    along: Along | None = None,
) -> dict[PhotoId, Page[CommentRow]]:
    """For each photo, which *viewer* sees, one page of its threads, the newest first."""
    edges = along.wanted.comments if along else ()
    read = _of_photos(viewer is None, request.after is None, edges)
    found = await read.rows(way, along, ids=ids, viewer=viewer, **asked(request))
    return pages(request, ids, ((row.photo_id, row, _place(row)) for row in found))


@lru_cache(MOST_KEPT)
def _of_photos(is_guest: bool, is_first: bool, edges: Edges) -> Wide[CommentRow]:  # noqa: FBT001
    return page_of_each_along(ALONG, edges, is_guest=is_guest, is_first=is_first)


def _threads(photo: ColumnElement[Any], viewer: Viewer | None) -> Select[Any]:
    return (
        select(*COLUMNS)
        .where(
            comments.c.photo_id == photo,
            comments.c.parent_id.is_(None),
            knows(viewer, comments.c.author_id),
        )
        .correlate_except(comments)
    )


# The threads of a photo that the viewer sees.
ALONG: Final = Listed("comment_pages", _threads, CommentRow)


async def replies(
    way: Way, ids: Sequence[CommentId], request: PageRequest, viewer: UserId | None
) -> dict[CommentId, Page[CommentRow]]:
    """For each comment, which *viewer* sees, one page of its direct replies, the oldest first."""
    read = _replies(viewer is None, request.after is None)
    return pages(request, ids, await rows(way, read, ids=ids, viewer=viewer, **asked(request)))


@cache
def _replies(is_guest: bool, is_first: bool) -> Read[tuple[CommentId, CommentRow, Cursor]]:  # noqa: FBT001 - As above.
    parents = each(IDS)
    direct = select(comments.c.created_at.label("replied_at"), *COLUMNS).where(
        comments.c.parent_id == parents.c.id,
        knows(None if is_guest else VIEWER, comments.c.author_id),
    )
    one_page = oldest_first(
        direct, comments.c.created_at, comments.c.id, any_page(is_first=is_first)
    )
    return Read.of(page_of_each(parents, one_page), entry_of(CommentRow))


def _hidden_of(photo_id: ColumnElement[Any], viewer: Asking) -> Select[Any]:
    """Those that are hidden by whom they are of, or by what they reply to, and are counted."""
    counts = comments.c.body.is_not(None).label("counts")
    below = (
        select(comments.c.id, counts)
        .where(comments.c.photo_id == photo_id, comments.c.author_id.in_(hidden_from(viewer)))
        .correlate_except(comments)
        .cte("below", recursive=True, nesting=True)
    )
    reply = comments.alias("reply")
    replies = select(reply.c.id, reply.c.body.is_not(None))
    below = below.union(replies.join_from(below, reply, reply.c.parent_id == below.c.id))
    return select(func.count()).select_from(below).where(below.c.counts)


# How many comments of the photo whose id an entry has are hidden from the viewer.
HIDDEN: Final = hidden_of("hidden_comments", _hidden_of)


def _hidden_replies_of(id: ColumnElement[Any], viewer: Asking) -> Select[Any]:
    is_hidden = comments.c.author_id.in_(hidden_from(viewer))
    of_comment = select(func.count()).where(comments.c.parent_id == id, is_hidden)
    return of_comment.correlate_except(comments)


# How many direct replies of the comment whose id an entry has are hidden from the viewer.
HIDDEN_REPLIES: Final = hidden_of("hidden_replies", _hidden_replies_of)


async def add(
    tx: Writing, photo_id: PhotoId, author: UserId, body: str, parent_id: CommentId | None
) -> CommentRow:
    """A new comment, counted. `mentions.tell` lets others know.

    Raises Missing for a photo or a parent that the author may not see, also when the parent
    was deleted or is of another photo, and NotAllowed for a photo that is not live yet.
    """
    await photos.lock_live(tx, photo_id, author, "input", "photoId")
    if parent_id is not None:
        await _require_parent(tx, parent_id, photo_id, author)
    # The moment is taken under the lock, so a thread is ordered as it is kept.
    making = insert(comments).values(
        photo_id=photo_id,
        author_id=author,
        parent_id=parent_id,
        body=body,
        created_at=func.clock_timestamp(),
    )
    row = (await fetch(tx, making.returning(*COLUMNS), CommentRow))[0]
    await _count_comments(tx, photo_id, 1)
    if parent_id is not None:
        await _count_replies(tx, parent_id, 1)
    return row


async def remove(tx: Writing, id: CommentId, viewer: UserId) -> None:
    """Delete a comment for its author or the photo's owner, and what was told of it.

    While it has replies an empty place remains; a place that has none left goes as well.
    The owner can delete also what a block hides from them: others see it. Raises Missing for
    what else *viewer* may not see or was deleted before, NotAllowed for others.
    """
    photo = await _lock_photo_of(tx, id, viewer)
    if photo is None:
        raise Missing("there is no such comment", "id")
    row = (await by_ids(tx, [id], viewer)).get(id)
    if photo.owner_id == viewer:
        row = await fetch_one(tx, select(*COLUMNS).where(comments.c.id == id), CommentRow)
    if row is None or row.body is None:
        raise Missing("there is no such comment", "id")
    if viewer not in {row.author_id, photo.owner_id}:
        raise NotAllowed("only its author and the photo's owner can delete a comment", "id")
    await take_away(tx, row)


async def take_away(tx: Writing, row: CommentRow) -> None:
    """Delete a comment, whoever wants it; the caller has locked its photo."""
    await notifications.withdraw_comments(tx, [row.id])
    await _count_comments(tx, row.photo_id, -1)
    if row.reply_count:
        await tx.execute(update(comments).where(comments.c.id == row.id).values(body=None))
    else:
        await _erase(tx, row.id)


async def _lock_photo_of(tx: Writing, id: CommentId, viewer: UserId) -> PhotoRow | None:
    of_comment = await values(tx, select(comments.c.photo_id).where(comments.c.id == id))
    return await photos.lock(tx, of_comment[0], viewer) if of_comment else None


async def _erase(tx: Writing, id: CommentId) -> None:
    """Remove a comment without replies, and upwards every empty place that was kept for it."""
    gone = (
        select(comments.c.id, comments.c.parent_id)
        .where(comments.c.id == id)
        .cte("gone", recursive=True)
    )
    above = comments.alias("above")
    gone = gone.union_all(
        select(above.c.id, above.c.parent_id)
        .join_from(gone, above, above.c.id == gone.c.parent_id)
        .where(above.c.body.is_(None), above.c.reply_count == 1)
    )
    erasing = delete(comments).where(comments.c.id.in_(select(gone.c.id)))
    erased = dict((await tx.execute(erasing.returning(comments.c.id, comments.c.parent_id))).all())
    for parent_id in set(erased.values()) - set(erased) - {None}:
        await _count_replies(tx, parent_id, -1)


async def _require_parent(
    tx: Writing, id: CommentId, photo_id: PhotoId, viewer: UserId
) -> CommentRow:
    row = (await by_ids(tx, [id], viewer)).get(id)
    if row is None or row.photo_id != photo_id or row.body is None:
        raise Missing("there is no such comment", "input", "parentId")
    return row


async def _count_comments(tx: Writing, id: PhotoId, change: int) -> None:
    counting = update(photo_table).where(photo_table.c.id == id)
    await tx.execute(counting.values(comment_count=photo_table.c.comment_count + change))


async def _count_replies(tx: Writing, id: CommentId, change: int) -> None:
    counting = update(comments).where(comments.c.id == id)
    await tx.execute(counting.values(reply_count=comments.c.reply_count + change))


def _place(row: CommentRow) -> Cursor:
    return Cursor(row.created_at, row.id)
