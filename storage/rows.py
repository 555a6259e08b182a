"""What a stored thing looks like once it is read: ids, closed sets and rows."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Generic, NewType, TypeVar
from uuid import UUID

UserId = NewType("UserId", UUID)
PhotoId = NewType("PhotoId", UUID)
UploadId = NewType("UploadId", UUID)
SessionId = NewType("SessionId", UUID)
CommentId = NewType("CommentId", UUID)
NotificationId = NewType("NotificationId", UUID)
AvatarId = NewType("AvatarId", UUID)
MailId = NewType("MailId", UUID)

Row = TypeVar("Row")


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


@dataclass(frozen=True, slots=True)
class UserRow:
    id: UserId
    username: str
    display_name: str
    bio: str
    is_private: bool
    created_at: datetime
    public_photo_count: int
    followers_photo_count: int
    own_photo_count: int
    follower_count: int
    following_count: int
    avatar_token: str | None
    avatar_size: int | None


@dataclass(frozen=True, slots=True)
class CredentialsRow:
    """What is needed to check a password."""

    user_id: UserId
    password_hash: str
    suspended_for: str | None


@dataclass(frozen=True, slots=True)
class UploadRow:
    """A promise of bytes: exactly these many, of this type, with this SHA-256."""

    id: UploadId
    user_id: UserId
    staging_key: str
    content_type: str
    byte_size: int
    checksum_sha256: bytes
    filename: str | None
    created_at: datetime
    expires_at: datetime
    publish_until: datetime
    # Once it has begun to arrive in parts: the store's name for it, and the size of a part.
    parts_id: str | None
    part_bytes: int | None


@dataclass(frozen=True, slots=True)
class PhotoRow:
    id: PhotoId
    owner_id: UserId
    title: str
    caption: str
    alt_text: str
    tags: list[str]
    latitude: float | None
    longitude: float | None
    location_name: str | None
    visibility: Visibility
    status: PhotoStatus
    failure_code: PhotoFailureCode | None
    failure_message: str | None
    created_at: datetime
    like_count: int
    comment_count: int
    width: int | None
    height: int | None
    blurhash: str | None
    dominant_color: str | None
    byte_size: int


@dataclass(frozen=True, slots=True)
class OriginalRow:
    """The untouched bytes of a photo: where they are and what they must be."""

    photo_id: PhotoId
    owner_id: UserId
    key: str
    content_type: str
    byte_size: int
    checksum_sha256: bytes
    filename: str | None


@dataclass(frozen=True, slots=True)
class AttemptRow:
    """One attempt at making variants; only the newest one of a photo may finish it."""

    photo_id: PhotoId
    attempt: int
    crashes: int
    media_token: str
    is_public: bool


@dataclass(frozen=True, slots=True)
class VariantRow:
    photo_id: PhotoId
    name: VariantName
    key: str
    width: int
    height: int
    content_type: str
    byte_size: int


@dataclass(frozen=True, slots=True)
class CommentRow:
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


@dataclass(frozen=True, slots=True)
class AvatarRow:
    """A picture chosen as an avatar: what became of it, and what it was made from."""

    id: AvatarId
    user_id: UserId
    status: PhotoStatus
    failure_code: PhotoFailureCode | None
    failure_message: str | None
    original_key: str
    content_type: str
    byte_size: int
    checksum_sha256: bytes
    filename: str | None
    token: str
    attempt: int
    crashes: int


@dataclass(frozen=True, slots=True)
class ExportRow:
    """All data of a user in one file: whether it is there, and until when."""

    user_id: UserId
    token: str
    status: PhotoStatus
    requested_at: datetime
    byte_size: int | None
    expires_at: datetime | None
    crashes: int


@dataclass(frozen=True, slots=True)
class SessionRow:
    id: SessionId
    user_id: UserId


@dataclass(frozen=True, slots=True)
class OpenSessionRow:
    """A live session as its user recognises it."""

    id: SessionId
    created_at: datetime
    used_at: datetime
    expires_at: datetime
    user_agent: str


@dataclass(frozen=True, slots=True)
class AccountRow:
    """What only its user sees of an account."""

    user_id: UserId
    email: str
    verified_at: datetime | None


@dataclass(frozen=True, slots=True)
class Cursor:
    """A place in a list that is ordered by time and, within one moment, by id."""

    at: datetime
    id: UUID


@dataclass(frozen=True, slots=True)
class Place(Cursor):
    """A place in a list that is ordered by a score and, within one score, by time and id."""

    score: float


@dataclass(frozen=True, slots=True)
class PageRequest:
    """The *first* entries after a place; from the start when *after* is None."""

    first: int
    after: Cursor | None = None


@dataclass(frozen=True, slots=True)
class ScoredRequest:
    """The same in a list that is ordered by a score."""

    first: int
    after: Place | None = None


@dataclass(frozen=True, slots=True)
class Page(Generic[Row]):
    """One page of a list, each row with its place."""

    rows: list[Row]
    cursors: list[Cursor]
    has_next: bool
    has_previous: bool
