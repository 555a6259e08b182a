"""Comments: how threads are written, read and pruned."""

from collections.abc import Sequence
from typing import Annotated, Final

import strawberry

from resolvers import marks
from resolvers.batches import batched
from resolvers.context import Info
from resolvers.extend import costs
from resolvers.ids import as_comment_id, as_photo_id
from resolvers.paging import After, First, requested
from resolvers.texts import prose
from schema.comments import AddCommentInput, Comment, CommentConnection, CommentPayload
from schema.deletions import DeletePayload
from schema.photos import Photo
from schema.users import DELETED, User
from storage import comments, mentions
from storage.refusals import Invalid, Missing, together
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


@costs(3)
@batched
async def count(photos: Sequence[Photo], info: Info) -> list[int]:
    """How many comments you find in `comments` and the replies below, deleted ones not counted."""
    hidden = await info.context.loaders.hidden_comments.many([photo.row.id for photo in photos])
    return [photo.row.comment_count - less for photo, less in zip(photos, hidden, strict=True)]


@batched
async def of_photo(
    photos: Sequence[Photo], info: Info, first: First = 20, after: After = None
) -> list[CommentConnection]:
    """Comments that are no replies, the newest first."""
    pages = info.context.loaders.comment_pages(requested("comments", first, after))
    found = await pages.many([photo.row.id for photo in photos])
    return [CommentConnection.of(page, "comments") for page in found]


async def photo(comment: strawberry.Parent[Comment], info: Info) -> Photo:
    """The photo it is about."""
    row = await info.context.loaders.photos.load(comment.row.photo_id)
    if row is None:
        # Gone between the two reads. Nothing can stand in for a photo.
        raise Missing("the photo is not there any more")
    return Photo.of(row)


@batched
async def author(comments: Sequence[Comment], info: Info) -> list[User]:
    """Who wrote it; once their account is deleted, a stand-in called `[deleted]`."""
    authors = [comment.row.author_id or DELETED.id for comment in comments]
    rows = await info.context.loaders.users.many(authors)
    return [User.of(row or DELETED) for row in rows]


async def parent(comment: strawberry.Parent[Comment], info: Info) -> Comment | None:
    """The comment that it is a reply to, if it is one."""
    if comment.row.parent_id is None:
        return None
    row = await info.context.loaders.comments.load(comment.row.parent_id)
    return Comment.of(row) if row else None


@costs(3)
@batched
async def reply_count(comments: Sequence[Comment], info: Info) -> list[int]:
    """How many entries you find in `replies`, deleted ones with replies of their own included."""
    hidden = await info.context.loaders.hidden_replies.many([comment.key for comment in comments])
    counted = zip(comments, hidden, strict=True)
    return [comment.row.reply_count - less for comment, less in counted]


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
