"""What is swept, and how far that has come."""

from sqlalchemy import (
    BigInteger,
    Column,
    DateTime,
    ForeignKey,
    Index,
    Table,
    Text,
    Uuid,
    text,
)

from storage.tables.columns import identifier, metadata, now

# What happens again and again; whoever moves the time on is the one to do it.
schedules = Table(
    "schedules",
    metadata,
    Column("name", Text, primary_key=True),
    now("due_at"),
    Column("fired", BigInteger, nullable=False, server_default="0"),
)

# A walk through the bucket, and how far it has come. One is under way at a time.
sweeps = Table(
    "sweeps",
    metadata,
    identifier(),
    now("started_at"),
    Column("place", Text, nullable=False, server_default=""),
    Column("listed", BigInteger, nullable=False, server_default="0"),
    Column("removed", BigInteger, nullable=False, server_default="0"),
    Column("held", BigInteger, nullable=False, server_default="0"),
    Column("finished_at", DateTime(timezone=True)),
    Index(
        "sweeps_running_key",
        text("(finished_at IS NULL)"),
        unique=True,
        postgresql_where=text("finished_at IS NULL"),
    ),
)

# What a walk found that no row speaks of.
orphans = Table(
    "orphans",
    metadata,
    Column("key", Text, primary_key=True),
    Column("sweep_id", Uuid, ForeignKey("sweeps.id", ondelete="CASCADE"), nullable=False),
    Column("byte_size", BigInteger, nullable=False),
    Index(None, "sweep_id"),
)
