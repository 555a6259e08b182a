"""Ids, and the closed sets that columns hold."""

from enum import StrEnum
from typing import NewType
from uuid import UUID

UserId = NewType("UserId", UUID)
PhotoId = NewType("PhotoId", UUID)
UploadId = NewType("UploadId", UUID)
SessionId = NewType("SessionId", UUID)
CommentId = NewType("CommentId", UUID)
NotificationId = NewType("NotificationId", UUID)
AvatarId = NewType("AvatarId", UUID)
MailId = NewType("MailId", UUID)


class Visibility(StrEnum):
    """Whom the owner shows a photo to."""

    PUBLIC = "PUBLIC"
    FOLLOWERS = "FOLLOWERS"
    PRIVATE = "PRIVATE"


class PhotoStatus(StrEnum):
    """Where a photo is on its way from bytes to variants."""

    PROCESSING = "PROCESSING"
    READY = "READY"
    FAILED = "FAILED"


class PhotoFailureCode(StrEnum):
    """Why a photo has no variants."""

    CHECKSUM_MISMATCH = "CHECKSUM_MISMATCH"
    UNSUPPORTED_FORMAT = "UNSUPPORTED_FORMAT"
    CORRUPT_IMAGE = "CORRUPT_IMAGE"
    TOO_MANY_PIXELS = "TOO_MANY_PIXELS"
    REJECTED_BY_MODERATION = "REJECTED_BY_MODERATION"
    PROCESSING_ERROR = "PROCESSING_ERROR"


# Why trying the same file again may help.
RETRYABLE = frozenset({PhotoFailureCode.PROCESSING_ERROR})


class VariantName(StrEnum):
    """The steps of the ladder of sizes."""

    THUMB = "THUMB"
    MEDIUM = "MEDIUM"
    FULL = "FULL"


class FollowState(StrEnum):
    """How one user follows another."""

    NONE = "NONE"
    REQUESTED = "REQUESTED"
    FOLLOWING = "FOLLOWING"


class NotificationKind(StrEnum):
    """What somebody did that a user is told of."""

    FOLLOW = "FOLLOW"
    FOLLOW_REQUEST = "FOLLOW_REQUEST"
    FOLLOW_ACCEPTED = "FOLLOW_ACCEPTED"
    LIKE = "LIKE"
    COMMENT = "COMMENT"
    REPLY = "REPLY"
    MENTION = "MENTION"


class MailKind(StrEnum):
    """What a mail is for; those that end in CHANGED only tell, the others hold a code."""

    VERIFY_EMAIL = "VERIFY_EMAIL"
    CHANGE_EMAIL = "CHANGE_EMAIL"
    RESET_PASSWORD = "RESET_PASSWORD"  # noqa: S105 - The name of a kind.
    PASSWORD_CHANGED = "PASSWORD_CHANGED"  # noqa: S105
    EMAIL_CHANGED = "EMAIL_CHANGED"
