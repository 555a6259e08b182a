"""What people are told of what others did."""

from datetime import datetime
from typing import Self

import strawberry

from schema.enums import NotificationKind
from schema.errors import UserError
from schema.nodes import Node, global_id
from schema.pages import PageInfo, connected, in_list
from storage.rows import NotificationId, NotificationRow, Page


@strawberry.type(description="What somebody did that concerns you.")
class Notification(Node):
    kind: NotificationKind = strawberry.field(description="What was done.")
    created_at: datetime = strawberry.field(description="When the latest of its actors did it.")
    is_read: bool = strawberry.field(
        description="Whether you marked it read. Who likes the photo after that is a new one."
    )
    row: strawberry.Private[NotificationRow]

    @property
    def key(self) -> NotificationId:
        """The id by which rows refer to it."""
        return self.row.id

    @classmethod
    def of(cls, row: NotificationRow) -> Self:
        return cls(
            id=global_id("notification", row.id),
            kind=row.kind,
            created_at=row.created_at,
            is_read=row.read_at is not None,
            row=row,
        )


@in_list
@strawberry.type(description="A notification in a list.")
class NotificationEdge:
    cursor: str = strawberry.field(description="The notification's place in this list.")
    node: Notification = strawberry.field(description="The notification.")


@strawberry.type(description="A page of notifications.")
class NotificationConnection:
    edges: list[NotificationEdge] = strawberry.field(
        description="The notifications of this page, in order."
    )
    page_info: PageInfo = strawberry.field(description="Where the page lies in the list.")

    @classmethod
    def of(cls, page: Page[NotificationRow]) -> Self:
        edges, page_info = connected(page, "notifications", NotificationEdge, Notification.of)
        return cls(edges=edges, page_info=page_info)


@strawberry.type(description="What is left to read.")
class MarkNotificationsReadPayload:
    unread_count: int = strawberry.field(
        default=0, description="How many notifications are not read."
    )
    errors: list[UserError] = strawberry.field(
        default_factory=list, description="Why it was refused; empty when it was not."
    )
