"""What a stored thing looks like once it is read: ids, closed sets and rows.

Rows that a list is made of are named tuples: a page makes dozens, and each is made in a third
of the time that a frozen dataclass takes.
"""

from storage.rows.kinds import (
    RETRYABLE,
    AvatarId,
    CommentId,
    FollowState,
    MailId,
    MailKind,
    NotificationId,
    NotificationKind,
    PhotoFailureCode,
    PhotoId,
    PhotoStatus,
    SessionId,
    UploadId,
    UserId,
    VariantName,
    Visibility,
)
from storage.rows.media import (
    AttemptRow,
    OriginalRow,
    PhotoRow,
    UploadRow,
    VariantRow,
)
from storage.rows.pages import (
    Cursor,
    Page,
    PageRequest,
    Place,
    Placed,
    ScoredRequest,
)
from storage.rows.people import (
    AccountRow,
    AvatarRow,
    CredentialsRow,
    ExportRow,
    OpenSessionRow,
    SessionRow,
    UserRow,
)
from storage.rows.responses import (
    CommentRow,
    NotificationRow,
)

__all__ = [
    "RETRYABLE",
    "AccountRow",
    "AttemptRow",
    "AvatarId",
    "AvatarRow",
    "CommentId",
    "CommentRow",
    "CredentialsRow",
    "Cursor",
    "ExportRow",
    "FollowState",
    "MailId",
    "MailKind",
    "NotificationId",
    "NotificationKind",
    "NotificationRow",
    "OpenSessionRow",
    "OriginalRow",
    "Page",
    "PageRequest",
    "PhotoFailureCode",
    "PhotoId",
    "PhotoRow",
    "PhotoStatus",
    "Place",
    "Placed",
    "ScoredRequest",
    "SessionId",
    "SessionRow",
    "UploadId",
    "UploadRow",
    "UserId",
    "UserRow",
    "VariantName",
    "VariantRow",
    "Visibility",
]
