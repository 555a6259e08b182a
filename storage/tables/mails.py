"""Mails to be sent, and the codes in them."""

from sqlalchemy import Column, DateTime, ForeignKey, Index, LargeBinary, Table, Text, Uuid

from storage.rows import MailKind
from storage.tables.columns import identifier, metadata, now, one_of

# The user is filled in by who sends it: whoever asks for a mail cannot tell who gets one.
mails = Table(
    "mails",
    metadata,
    identifier(),
    one_of("kind", MailKind),
    Column("user_id", Uuid, ForeignKey("users.id", ondelete="CASCADE")),
    Column("email", Text, nullable=False),
    now("created_at"),
    Column("expires_at", DateTime(timezone=True), nullable=False),
    Column("sent_at", DateTime(timezone=True)),
    Column("used_at", DateTime(timezone=True)),
    Index(None, "user_id"),
    Index(None, "created_at"),
)

# A code is known here by its SHA-256 only. Each attempt at sending a mail makes another.
mail_codes = Table(
    "mail_codes",
    metadata,
    Column("code_hash", LargeBinary, primary_key=True),
    Column("mail_id", Uuid, ForeignKey("mails.id", ondelete="CASCADE"), nullable=False),
    Index(None, "mail_id"),
)
