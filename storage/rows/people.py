"""Accounts, and what belongs to them."""

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from storage.rows.kinds import (
    AvatarId,
    PhotoFailureCode,
    PhotoStatus,
    SessionId,
    UserId,
)


class UserRow(NamedTuple):
    """Someone with an account."""

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
