"""Comments as clients see them."""

from datetime import datetime
from typing import Literal, Self

import strawberry

from schema.errors import UserError
from schema.nodes import Node, global_id
from schema.pages import PageInfo, connected, in_list
from schema.views import view
from storage.rows import CommentId, CommentRow, Page


@view(id=lambda comment: global_id("comment", comment.row.id))
@strawberry.type(description="What someone wrote under a photo, or in reply to another comment.")
class Comment(Node):
    body: str | None = strawberry.field(description="Null once deleted while replies remain.")
    created_at: datetime = strawberry.field(description="When it was written.")
    row: strawberry.Private[CommentRow]

    @property
    def key(self) -> CommentId:
        """The id by which rows refer to it."""
        return self.row.id

    @classmethod
    def of(cls, row: CommentRow) -> Self:
        made = cls.__new__(cls)
        made.row = row
        return made


@in_list
@strawberry.type(description="A comment in a list.")
class CommentEdge:
    cursor: str = strawberry.field(description="The comment's place in this list.")
    node: Comment = strawberry.field(description="The comment.")


@strawberry.type(description="A page of comments.")
class CommentConnection:
    edges: list[CommentEdge] = strawberry.field(description="The comments of this page, in order.")
    page_info: PageInfo = strawberry.field(description="Where the page lies in the list.")

    @classmethod
    def of(cls, page: Page[CommentRow], listed: Literal["comments", "replies"]) -> Self:
        edges, page_info = connected(page, listed, CommentEdge, Comment.of)
        return cls(edges=edges, page_info=page_info)


@strawberry.input(description="What to write under which photo.")
class AddCommentInput:
    photo_id: strawberry.ID = strawberry.field(description="The photo, which must be READY.")
    body: str = strawberry.field(
        description="1 to 1,000 characters. @username tells that user, if they may see the photo; "
        "up to 20 people."
    )
    parent_id: strawberry.ID | None = strawberry.field(
        default=None,
        description="The comment it is a reply to: of the same photo, at any depth, not deleted.",
    )


@strawberry.type(description="A comment, or what stood in the way.")
class CommentPayload:
    comment: Comment | None = strawberry.field(
        default=None, description="The comment; null when it was refused."
    )
    errors: list[UserError] = strawberry.field(
        default_factory=list, description="Why it was refused; empty when it was not."
    )
