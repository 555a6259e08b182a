"""Comments: how threads are written, read and pruned."""

from collections.abc import Awaitable, Sequence
from typing import Annotated, Final

import strawberry

from resolvers import marks
from resolvers.batches import batched
from resolvers.context import Context, Info
from resolvers.edges import edge, first_page
from resolvers.extend import costs
from resolvers.ids import as_comment_id, as_photo_id
from resolvers.loaders import Loaders
from resolvers.paging import After, First, requested
from resolvers.texts import prose
from schema.comments import AddCommentInput, Comment, CommentConnection, CommentPayload
from schema.deletions import DeletePayload
from schema.photos import Photo
from schema.users import DELETED, User
from storage import comments, mentions, users
from storage.refusals import Invalid, Missing, together
from storage.rows import CommentId, CommentRow, Page, UserId, UserRow

MAX_BODY: Final = 1_000

CommentIdArgument = Annotated[strawberry.ID, strawberry.argument(description="The comment's id.")]


async def add(info: Info, input: AddCommentInput) -> CommentPayload:
    """Write under a photo, or reply to a comment. Those it concerns and names are told."""
    viewer = info.context.signed_in().user_id
    body, photo_id, parent_id = together(
        lambda: _body(input),
        lambda: as_photo_id(input.photo_id, "input", "photoId"),
        lambda: _parent_id(input),
    )
    async with info.context.database.begin() as tx:
        row = await comments.add(tx, photo_id, viewer, body, parent_id)
        await mentions.tell(tx, row, marks.mentions(body))
    return CommentPayload(comment=Comment.of(row))


async def remove(info: Info, id: CommentIdArgument) -> DeletePayload:
    """Delete your comment, or any comment on your photo.

    While it has replies its place in the thread remains, without the text.
    """
    viewer = info.context.signed_in().user_id
    async with info.context.database.begin() as tx:
        await comments.remove(tx, as_comment_id(id), viewer)
    return DeletePayload(deleted_id=id)


@costs(3)
@edge(comments.HIDDEN, by="id")
def count(photo: Photo, hidden: int | None) -> int:
    """How many comments you find in `comments` and the replies below, deleted ones not counted."""
    return photo.row.comment_count - (hidden or 0)


@first_page(comments.ALONG, "comments", by="id", ask=Loaders.comment_pages)
def of_photo(_photo: Photo, page: Page[CommentRow]) -> CommentConnection:
    """Comments that are no replies, the newest first."""
    return CommentConnection.of(page, "comments")


async def photo(comment: strawberry.Parent[Comment], info: Info) -> Photo:
    """The photo it is about."""
    row = await info.context.loaders.photos.load(comment.row.photo_id)
    if row is None:
        # Gone between the two reads. Nothing can stand in for a photo.
        raise Missing("the photo is not there any more")
    return Photo.of(row)


def _authors(context: Context, ids: list[UserId | None]) -> Awaitable[Sequence[UserRow | None]]:
    return context.loaders.users.many([id or DELETED.id for id in ids])


@edge(users.ALONG, by="author_id", ask=_authors)
def author(_comment: Comment, row: UserRow | None) -> User:
    """Who wrote it; once their account is deleted, a stand-in called `[deleted]`."""
    return User.of(row or DELETED)


async def parent(comment: strawberry.Parent[Comment], info: Info) -> Comment | None:
    """The comment that it is a reply to, if it is one."""
    if comment.row.parent_id is None:
        return None
    row = await info.context.loaders.comments.load(comment.row.parent_id)
    return Comment.of(row) if row else None


@costs(3)
@edge(comments.HIDDEN_REPLIES, by="id")
def reply_count(comment: Comment, hidden: int | None) -> int:
    """How many entries you find in `replies`, deleted ones with replies of their own included."""
    return comment.row.reply_count - (hidden or 0)


@batched
async def replies(
    comments: Sequence[Comment], info: Info, first: First = 20, after: After = None
) -> list[CommentConnection]:
    """Direct replies, the oldest first."""
    pages = info.context.loaders.reply_pages(requested("replies", first, after))
    found = await pages.many([comment.key for comment in comments])
    return [CommentConnection.of(page, "replies") for page in found]


def _body(input: AddCommentInput) -> str:
    body = prose(input.body, MAX_BODY, "input", "body")
    if not body:
        raise Invalid("body must not be empty", "input", "body")
    return body


def _parent_id(input: AddCommentInput) -> CommentId | None:
    if input.parent_id is None:
        return None
    return as_comment_id(input.parent_id, "input", "parentId")
