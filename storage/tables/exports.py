"""Exports of one's data."""

from sqlalchemy import BigInteger, CheckConstraint, Column, DateTime, Integer, Table, Text

from storage.rows import PhotoStatus
from storage.tables.columns import metadata, now, one_of, user

# The latest export of each user's data.
exports = Table(
    "exports",
    metadata,
    user("user_id", primary_key=True),
    Column("token", Text, nullable=False, unique=True),
    one_of("status", PhotoStatus),
    now("requested_at"),
    Column("byte_size", BigInteger),
    Column("expires_at", DateTime(timezone=True)),
    Column("crashes", Integer, nullable=False, server_default="0"),
    CheckConstraint("(status = 'READY') = (expires_at is not null)", name="expiry"),
)
