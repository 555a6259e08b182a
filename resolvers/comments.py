"""Comments: how threads are written, read and pruned."""

from typing import Annotated, Final

import strawberry

from resolvers import marks
from resolvers.context import Info
from resolvers.ids import as_comment_id, as_photo_id
from resolvers.paging import After, First, requested
from resolvers.texts import prose
from schema.comments import AddCommentInput, Comment, CommentConnection, CommentPayload
from schema.deletions import DeletePayload
from schema.photos import Photo
from schema.users import DELETED, User
from storage import comments, mentions
from storage.refusals import Invalid, together
from storage.rows import CommentId

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


async def count(photo: strawberry.Parent[Photo], info: Info) -> int:
    """How many comments you find in `comments` and the replies below, deleted ones not counted."""
    return photo.all_comments - await info.context.loaders.hidden_comments(photo.key)


async def of_photo(
    photo: strawberry.Parent[Photo], info: Info, first: First = 20, after: After = None
) -> CommentConnection:
    """Comments that are no replies, the newest first."""
    pages = info.context.loaders.comment_pages(requested("comments", first, after))
    return CommentConnection.of(await pages.load(photo.key), "comments")


async def photo(comment: strawberry.Parent[Comment], info: Info) -> Photo:
    """The photo it is about."""
    row = await info.context.loaders.photos.load(comment.row.photo_id)
    if row is None:
        raise LookupError("a comment is visible and its photo is not")
    return Photo.of(row)


async def author(comment: strawberry.Parent[Comment], info: Info) -> User:
    """Who wrote it; once their account is deleted, a stand-in called `[deleted]`."""
    id = comment.row.author_id
    row = await info.context.loaders.users.load(id) if id else None
    return User.of(row or DELETED)


async def parent(comment: strawberry.Parent[Comment], info: Info) -> Comment | None:
    """The comment that it is a reply to, if it is one."""
    if comment.row.parent_id is None:
        return None
    row = await info.context.loaders.comments.load(comment.row.parent_id)
    return Comment.of(row) if row else None


async def reply_count(comment: strawberry.Parent[Comment], info: Info) -> int:
    """How many entries you find in `replies`, deleted ones with replies of their own included."""
    return comment.row.reply_count - await info.context.loaders.hidden_replies(comment.key)


async def replies(
    comment: strawberry.Parent[Comment], info: Info, first: First = 20, after: After = None
) -> CommentConnection:
    """Direct replies, the oldest first."""
    pages = info.context.loaders.reply_pages(requested("replies", first, after))
    return CommentConnection.of(await pages.load(comment.key), "replies")


def _body(input: AddCommentInput) -> str:
    body = prose(input.body, MAX_BODY, "input", "body")
    if not body:
        raise Invalid("body must not be empty", "input", "body")
    return body


def _parent_id(input: AddCommentInput) -> CommentId | None:
    if input.parent_id is None:
        return None
    return as_comment_id(input.parent_id, "input", "parentId")
