"""Uploads that were granted."""

from sqlalchemy import BigInteger, Column, DateTime, LargeBinary, Table, Text, UniqueConstraint

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
    UniqueConstraint("user_id", "idempotency_key"),
)
