"""All that is kept of a user, for them to take along: sections of rows, page by page.

Columns are named, and ids written, as the API does it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, Select, Text, cast, func, literal, select, union_all
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.database import fetch
from storage.rows import PhotoStatus, UserId
from storage.tables import (
    avatars,
    blocks,
    comments,
    credentials,
    follow_requests,
    follows,
    former_usernames,
    likes,
    photos,
    sessions,
    shots,
    uploads,
    users,
)

PAGE: Final = 500
START: Final = UUID(int=0)


@dataclass(frozen=True, slots=True)
class Section:
    """The rows of one kind; *key* tells them apart among those of one user."""

    name: str
    key: ColumnElement[UUID]
    rows: Callable[[UserId], Select[Any]]


@dataclass(frozen=True, slots=True)
class Original:
    """A file as it was uploaded: what it belongs to, and where it is."""

    kind: str
    id: UUID
    key: str
    byte_size: int
    content_type: str
    filename: str | None
    created_at: datetime


async def page(
    connection: AsyncConnection, section: Section, user: UserId, after: UUID
) -> tuple[list[dict[str, Any]], UUID | None]:
    """Some rows of a section, and where the next ones begin; None when there are no more."""
    wanted = section.rows(user).add_columns(section.key.label("place"))
    ordered = wanted.where(section.key > after).order_by(section.key).limit(PAGE)
    found = [dict(row) for row in (await connection.execute(ordered)).mappings()]
    places = [row.pop("place") for row in found]
    return found, places[-1] if len(found) == PAGE else None


async def originals(connection: AsyncConnection, user: UserId, after: UUID) -> Sequence[Original]:
    """Some originals of a user's photos and avatar, by id; none when there are no more."""
    kept = union_all(
        _originals("photo", photos, photos.c.owner_id, user),
        _originals("avatar", avatars, avatars.c.user_id, user).where(
            avatars.c.status == PhotoStatus.READY
        ),
    ).subquery()
    some = select(kept).where(kept.c.id > after).order_by(kept.c.id).limit(PAGE)
    return await fetch(connection, some, Original)


def _originals(kind: str, table: Any, owner: ColumnElement[UUID], user: UserId) -> Select[Any]:
    return select(
        literal(kind).label("kind"),
        table.c.id,
        table.c.original_key,
        table.c.byte_size,
        table.c.content_type,
        table.c.filename,
        table.c.created_at,
    ).where(owner == user)


def _id(kind: str, id: ColumnElement[Any], name: str = "id") -> ColumnElement[str]:
    digits = func.replace(cast(id, Text), "-", "", type_=Text)
    return literal(f"{kind}_").concat(digits).label(name)


def _profile(user: UserId) -> Select[Any]:
    return (
        select(
            _id("user", users.c.id),
            users.c.username,
            users.c.display_name.label("displayName"),
            users.c.bio,
            users.c.is_private.label("isPrivate"),
            users.c.created_at.label("createdAt"),
            credentials.c.email,
        )
        .join(credentials, credentials.c.user_id == users.c.id)
        .where(users.c.id == user)
    )


def _photos(user: UserId) -> Select[Any]:
    return (
        select(
            _id("photo", photos.c.id),
            photos.c.title,
            photos.c.caption,
            photos.c.alt_text.label("altText"),
            photos.c.tags,
            photos.c.latitude,
            photos.c.longitude,
            photos.c.location_name.label("locationName"),
            photos.c.visibility,
            photos.c.status,
            photos.c.failure_code.label("failureCode"),
            photos.c.created_at.label("createdAt"),
            shots.c.taken_at.label("takenAt"),
            shots.c.make.label("cameraMake"),
            shots.c.model.label("cameraModel"),
            shots.c.lens,
            photos.c.width,
            photos.c.height,
            photos.c.like_count.label("likeCount"),
            photos.c.comment_count.label("commentCount"),
            photos.c.filename,
            photos.c.content_type.label("contentType"),
            photos.c.byte_size.label("byteSize"),
            func.encode(photos.c.checksum_sha256, "base64").label("checksumSha256"),
        )
        .outerjoin(shots, shots.c.photo_id == photos.c.id)
        .where(photos.c.owner_id == user)
    )


def _comments(user: UserId) -> Select[Any]:
    return select(
        _id("comment", comments.c.id),
        _id("photo", comments.c.photo_id, "photoId"),
        _id("comment", comments.c.parent_id, "parentId"),
        comments.c.body,
        comments.c.created_at.label("createdAt"),
    ).where(comments.c.author_id == user)


def _likes(user: UserId) -> Select[Any]:
    liked_at = likes.c.created_at.label("createdAt")
    return select(_id("photo", likes.c.photo_id, "photoId"), liked_at).where(
        likes.c.user_id == user
    )


def _people(table: Any, own: str, other: str) -> Callable[[UserId], Select[Any]]:
    """Those on the other side of a relation, with their names."""

    def rows(user: UserId) -> Select[Any]:
        return (
            select(
                _id("user", table.c[other]),
                users.c.username,
                table.c.created_at.label("createdAt"),
            )
            .join(users, users.c.id == table.c[other])
            .where(table.c[own] == user)
        )

    return rows


def _sessions(user: UserId) -> Select[Any]:
    return select(
        sessions.c.created_at.label("createdAt"),
        sessions.c.expires_at.label("expiresAt"),
        sessions.c.ended_at.label("endedAt"),
    ).where(sessions.c.user_id == user)


def _uploads(user: UserId) -> Select[Any]:
    return select(
        _id("upload", uploads.c.id),
        uploads.c.filename,
        uploads.c.content_type.label("contentType"),
        uploads.c.byte_size.label("byteSize"),
        uploads.c.created_at.label("createdAt"),
    ).where(uploads.c.user_id == user)


def _usernames(user: UserId) -> Select[Any]:
    given_up_at = former_usernames.c.given_up_at.label("givenUpAt")
    return select(former_usernames.c.username, given_up_at).where(
        former_usernames.c.user_id == user
    )


SECTIONS: Final = (
    Section("profile", users.c.id, _profile),
    Section("formerUsernames", former_usernames.c.id, _usernames),
    Section("sessions", sessions.c.id, _sessions),
    Section("photos", photos.c.id, _photos),
    Section("uploads", uploads.c.id, _uploads),
    Section("likes", likes.c.photo_id, _likes),
    Section("comments", comments.c.id, _comments),
    Section("following", follows.c.followee_id, _people(follows, "follower_id", "followee_id")),
    Section("followers", follows.c.follower_id, _people(follows, "followee_id", "follower_id")),
    Section(
        "requestsSent",
        follow_requests.c.followee_id,
        _people(follow_requests, "follower_id", "followee_id"),
    ),
    Section(
        "requestsReceived",
        follow_requests.c.follower_id,
        _people(follow_requests, "followee_id", "follower_id"),
    ),
    Section("blocked", blocks.c.blocked_id, _people(blocks, "blocker_id", "blocked_id")),
)
