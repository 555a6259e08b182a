"""From global ids to keys."""

from uuid import UUID

import strawberry

from schema.nodes import Kind, parsed
from storage.cases import CaseId
from storage.refusals import Missing
from storage.rows import CommentId, PhotoId, SessionId, UploadId, UserId


def as_user_id(id: strawberry.ID, *path: str) -> UserId:
    """The key of a user. Raises Missing for any other id."""
    return UserId(_key("user", id, path))


def as_photo_id(id: strawberry.ID, *path: str) -> PhotoId:
    """The key of a photo. Raises Missing for any other id."""
    return PhotoId(_key("photo", id, path))


def as_upload_id(id: strawberry.ID, *path: str) -> UploadId:
    """The key of an upload. Raises Missing for any other id."""
    return UploadId(_key("upload", id, path))


def as_session_id(id: strawberry.ID, *path: str) -> SessionId:
    """The key of a session. Raises Missing for any other id."""
    return SessionId(_key("session", id, path))


def as_comment_id(id: strawberry.ID, *path: str) -> CommentId:
    """The key of a comment. Raises Missing for any other id."""
    return CommentId(_key("comment", id, path))


def as_case_id(id: strawberry.ID, *path: str) -> CaseId:
    """The key of a case of moderators. Raises Missing for any other id."""
    return CaseId(_key("case", id, path))


def _key(kind: Kind, id: str, path: tuple[str, ...]) -> UUID:
    found = parsed(id)
    if found is None or found[0] != kind:
        raise Missing(f"there is no such {kind}", *(path or ("id",)))
    return found[1]
