"""Answers that are given again when a request is repeated."""

from sqlalchemy import Column, ForeignKey, Index, LargeBinary, Table, Uuid

from storage.tables.columns import metadata, now

# The key of the client is known here by a keyed digest only, and the answer is sealed with it.
idempotency_keys = Table(
    "idempotency_keys",
    metadata,
    Column("id", LargeBinary, primary_key=True),
    Column("user_id", Uuid, ForeignKey("users.id", ondelete="CASCADE")),
    Column("fingerprint", LargeBinary, nullable=False),
    Column("answer", LargeBinary, nullable=False),
    now("created_at"),
    Index(None, "user_id"),
    Index(None, "created_at"),
)
