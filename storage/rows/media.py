"""Pictures on their way from bytes to variants."""

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from storage.rows.kinds import (
    PhotoFailureCode,
    PhotoId,
    PhotoStatus,
    UploadId,
    UserId,
    VariantName,
    Visibility,
)


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


class PhotoRow(NamedTuple):
    """A photo: what its owner says, where it stands, what is counted."""

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


class VariantRow(NamedTuple):
    """One size of a photo and where its bytes are."""

    name: VariantName
    key: str
    width: int
    height: int
    content_type: str
    byte_size: int
