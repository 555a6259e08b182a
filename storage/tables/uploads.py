"""Uploads that were granted."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from storage.tables.columns import identifier, metadata, now, user

uploads = Table(
    "uploads",
    metadata,
    identifier(),
    user("user_id"),
    Column("staging_key", Text, nullable=False, unique=True),
    Column("content_type", Text, nullable=False),
    Column("byte_size", BigInteger, nullable=False),
    Column("checksum_sha256", LargeBinary, nullable=False),
    Column("filename", Text),
    Column("idempotency_key", Text),
    now("created_at"),
    Column("expires_at", DateTime(timezone=True), nullable=False),
    Column("publish_until", DateTime(timezone=True), nullable=False),
    # The store's name for what arrives in parts, and how large each part is but the last.
    Column("parts_id", Text),
    Column("part_bytes", Integer),
    CheckConstraint("(parts_id is null) = (part_bytes is null)", name="parts"),
    UniqueConstraint("user_id", "idempotency_key"),
    # What is promised and may still come counts towards its user's quota.
    Index(None, "user_id", "expires_at"),
    # One that became something stays with it, for its idempotency key: a sweep that has looked
    # need not look again.
    Column("is_kept", Boolean, nullable=False, server_default=text("false")),
    Index("uploads_over_idx", "publish_until", postgresql_where=text("NOT is_kept")),
)
