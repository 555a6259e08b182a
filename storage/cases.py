"""What moderation speaks of: cases, reports, verdicts and the entries of its log."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NewType
from uuid import UUID

from storage.rows import CommentId, PhotoId, UserId

CaseId = NewType("CaseId", UUID)


class CaseKind(StrEnum):
    """What somebody has to judge."""

    HELD_PHOTO = "HELD_PHOTO"
    PHOTO = "PHOTO"
    COMMENT = "COMMENT"
    USER = "USER"


class CaseOutcome(StrEnum):
    """How a case ended."""

    DISMISSED = "DISMISSED"
    REMOVED = "REMOVED"
    SUSPENDED = "SUSPENDED"


class ReportReason(StrEnum):
    """Why somebody reports something."""

    SPAM = "SPAM"
    NUDITY = "NUDITY"
    VIOLENCE = "VIOLENCE"
    HATE = "HATE"
    HARASSMENT = "HARASSMENT"
    SELF_HARM = "SELF_HARM"
    ILLEGAL = "ILLEGAL"
    COPYRIGHT = "COPYRIGHT"
    OTHER = "OTHER"


class Verdict(StrEnum):
    """Whether a photo may be live."""

    ALLOW = "ALLOW"
    REJECT = "REJECT"


class Judge(StrEnum):
    """Who decides."""

    MODERATOR = "MODERATOR"
    SERVICE = "SERVICE"
    OPERATOR = "OPERATOR"


class LogAction(StrEnum):
    """What was decided."""

    ALLOWED = "ALLOWED"
    REJECTED = "REJECTED"
    TAKEN_DOWN = "TAKEN_DOWN"
    COMMENT_REMOVED = "COMMENT_REMOVED"
    DISMISSED = "DISMISSED"
    MODERATOR_ADDED = "MODERATOR_ADDED"
    MODERATOR_REMOVED = "MODERATOR_REMOVED"
    SUSPENDED = "SUSPENDED"
    REINSTATED = "REINSTATED"


class SubjectKind(StrEnum):
    """What a decision is about."""

    PHOTO = "PHOTO"
    COMMENT = "COMMENT"
    USER = "USER"


@dataclass(frozen=True, slots=True)
class Decider:
    """Who decides; a moderator is a user."""

    kind: Judge
    user_id: UserId | None = None


@dataclass(frozen=True, slots=True)
class CaseRow:
    """Something that somebody has to judge, or has judged."""

    id: CaseId
    kind: CaseKind
    photo_id: PhotoId | None
    comment_id: CommentId | None
    user_id: UserId | None
    opened_at: datetime
    closed_at: datetime | None
    outcome: CaseOutcome | None


@dataclass(frozen=True, slots=True)
class ReportRow:
    id: UUID
    case_id: CaseId
    reporter_id: UserId
    reason: ReportReason
    text: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class LogRow:
    """One decision, for good."""

    id: UUID
    at: datetime
    decider: Judge
    decider_id: UserId | None
    action: LogAction
    kind: SubjectKind
    subject_id: UUID
    reason: str
