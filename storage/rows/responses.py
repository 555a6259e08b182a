"""What people do with what others share."""

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from storage.rows.kinds import (
    CommentId,
    NotificationId,
    NotificationKind,
    PhotoId,
    UserId,
)
from storage.rows.people import UserRow


class CommentRow(NamedTuple):
    """What someone wrote."""

    id: CommentId
    photo_id: PhotoId
    # None once the author's account is deleted.
    author_id: UserId | None
    parent_id: CommentId | None
    body: str | None
    created_at: datetime
    reply_count: int


@dataclass(frozen=True, slots=True)
class NotificationRow:
    id: NotificationId
    user_id: UserId
    kind: NotificationKind
    photo_id: PhotoId | None
    comment_id: CommentId | None
    created_at: datetime
    read_at: datetime | None
    # Who did it; of several the latest.
    actor: UserRow
