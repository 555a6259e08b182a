"""How people come in: credentials, sessions and their tokens."""

from sqlalchemy import (
    Column,
    DateTime,
    ForeignKey,
    Index,
    LargeBinary,
    Table,
    Text,
    Uuid,
    func,
    text,
)

from storage.tables.columns import identifier, metadata, now, user, words

# Apart from users, so that no query of people can carry a hash or an address along.
credentials = Table(
    "credentials",
    metadata,
    user("user_id", primary_key=True),
    Column("email", Text, nullable=False),
    Column("password_hash", Text, nullable=False),
    # When a code that was sent to the address came back.
    Column("verified_at", DateTime(timezone=True)),
    # Why nobody comes in by them any more; null where one does.
    Column("suspended_for", Text),
    Index("credentials_email_key", func.lower(text("email")), unique=True),
)

sessions = Table(
    "sessions",
    metadata,
    identifier(),
    user("user_id"),
    now("created_at"),
    Column("expires_at", DateTime(timezone=True), nullable=False),
    Column("ended_at", DateTime(timezone=True)),
    now("used_at"),
    words("user_agent"),
    # Where it was opened, by a keyed digest.
    Column("address_digest", LargeBinary),
    Index(None, "user_id"),
)

# A token is known here by its SHA-256 only; one that has a successor has been used.
refresh_tokens = Table(
    "refresh_tokens",
    metadata,
    Column("token_hash", LargeBinary, primary_key=True),
    Column("session_id", Uuid, ForeignKey("sessions.id", ondelete="CASCADE"), nullable=False),
    now("created_at"),
    Column("used_at", DateTime(timezone=True)),
    Index(None, "session_id"),
    Index(None, "created_at"),
)
