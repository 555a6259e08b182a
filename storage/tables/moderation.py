"""Photos that await a verdict, what was reported, who judges, and what was decided."""

from sqlalchemy import (
    CheckConstraint,
    Column,
    Computed,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    Table,
    Text,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from storage.cases import CaseKind, CaseOutcome, Judge, LogAction, ReportReason, SubjectKind
from storage.tables.columns import identifier, metadata, now, one_of, user, words

# Rendered photos that are not live yet. Their variants have no rows before they are.
holds = Table(
    "holds",
    metadata,
    Column("photo_id", Uuid, ForeignKey("photos.id", ondelete="CASCADE"), primary_key=True),
    # The webhook-id, the same however often the service is asked.
    Column("message_id", Uuid, nullable=False, unique=True, server_default=text("uuidv7()")),
    now("held_at"),
    Column("made", JSONB, nullable=False),
    Column("width", Integer, nullable=False),
    Column("height", Integer, nullable=False),
    Column("blurhash", Text, nullable=False),
    Column("dominant_color", Text, nullable=False),
    # How often the service was asked, why the last time was in vain, and since when nobody asks.
    Column("asked", Integer, nullable=False, server_default="0"),
    Column("last_error", Text),
    Column("given_up_at", DateTime(timezone=True)),
)

moderators = Table("moderators", metadata, user("user_id", primary_key=True), now("since"))

cases = Table(
    "cases",
    metadata,
    identifier(),
    one_of("kind", CaseKind),
    Column("photo_id", Uuid, ForeignKey("photos.id", ondelete="CASCADE")),
    Column("comment_id", Uuid, ForeignKey("comments.id", ondelete="CASCADE")),
    Column("user_id", Uuid, ForeignKey("users.id", ondelete="CASCADE")),
    CheckConstraint("num_nonnulls(photo_id, comment_id, user_id) = 1", name="subject"),
    Column(
        "subject_id",
        Uuid,
        Computed("coalesce(photo_id, comment_id, user_id)", persisted=True),
        nullable=False,
    ),
    now("opened_at"),
    Column("closed_at", DateTime(timezone=True)),
    one_of("outcome", CaseOutcome, nullable=True),
    CheckConstraint("(closed_at is null) = (outcome is null)", name="closed"),
    Index("cases_open_key", "subject_id", unique=True, postgresql_where=text("closed_at IS NULL")),
    Index("cases_queue_idx", "opened_at", "id", postgresql_where=text("closed_at IS NULL")),
    Index("cases_kind_idx", "kind", "opened_at", "id", postgresql_where=text("closed_at IS NULL")),
    Index(None, "photo_id"),
    Index(None, "comment_id"),
    Index(None, "user_id"),
)

reports = Table(
    "reports",
    metadata,
    identifier(),
    Column("case_id", Uuid, ForeignKey("cases.id", ondelete="CASCADE"), nullable=False),
    Column("subject_id", Uuid, nullable=False),
    user("reporter_id"),
    one_of("reason", ReportReason),
    words("text"),
    now("created_at"),
    Index("reports_once_key", "subject_id", "reporter_id", unique=True),
    Index(None, "case_id", "created_at", "id"),
    Index(None, "reporter_id"),
)

# Only ever added to; a trigger refuses the rest. It outlives what it speaks of.
moderation_log = Table(
    "moderation_log",
    metadata,
    identifier(),
    now("at"),
    one_of("decider", Judge),
    Column("decider_id", Uuid),
    one_of("action", LogAction),
    one_of("kind", SubjectKind),
    Column("subject_id", Uuid, nullable=False),
    words("reason"),
    CheckConstraint("(decider = 'MODERATOR') = (decider_id is not null)", name="moderator"),
    Index("moderation_log_newest_idx", text("at DESC"), text("id DESC")),
    Index("moderation_log_subject_idx", "subject_id"),
)

# The webhook-ids of callbacks, as long as their timestamps are good.
webhook_receipts = Table(
    "webhook_receipts",
    metadata,
    Column("id", Text, primary_key=True),
    now("received_at"),
    Index(None, "received_at"),
)
