"""Variants that are made anew, and those they take the place of."""

from sqlalchemy import (
    Boolean,
    Column,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    Table,
    Text,
    Uuid,
    func,
    text,
)

from storage.tables.columns import identifier, metadata, now

# A wish to have the variants of many photos made anew. One is under way at a time.
regenerations = Table(
    "regenerations",
    metadata,
    identifier(),
    now("requested_at"),
    # Which size, which photo, and those published between when and when: all where it is null.
    Column("only_size", Text),
    Column("photo_id", Uuid),
    Column("since", DateTime(timezone=True)),
    Column("until", DateTime(timezone=True), nullable=False, server_default=func.now()),
    # The last photo that was taken up; they are taken up by their ids.
    Column("place", Uuid),
    Column("total", Integer, nullable=False),
    Column("listed", Integer, nullable=False, server_default="0"),
    Column("made", Integer, nullable=False, server_default="0"),
    Column("failed", Integer, nullable=False, server_default="0"),
    Column("ended_at", DateTime(timezone=True)),
    Column("is_cancelled", Boolean, nullable=False, server_default=text("false")),
    Index(
        "regenerations_running_key",
        text("(ended_at IS NULL)"),
        unique=True,
        postgresql_where=text("ended_at IS NULL"),
    ),
)

# Photos that were taken up and are not done; one that failed stays, to be told of.
remakings = Table(
    "remakings",
    metadata,
    Column("photo_id", Uuid, ForeignKey("photos.id", ondelete="CASCADE"), primary_key=True),
    Column(
        "regeneration_id",
        Uuid,
        ForeignKey("regenerations.id", ondelete="CASCADE"),
        nullable=False,
    ),
    # Where the present attempt writes, and nobody else ever does.
    Column("token", Text, unique=True),
    Column("attempt", Integer, nullable=False, server_default="0"),
    Column("crashes", Integer, nullable=False, server_default="0"),
    Column("failure_code", Text),
    Column("failure_message", Text),
    Index(None, "regeneration_id"),
)

# Variants that others took the place of: pages that were shown before still point to them. Their
# photo may be gone.
replaced_variants = Table(
    "replaced_variants",
    metadata,
    Column("key", Text, primary_key=True),
    Column("photo_id", Uuid, nullable=False),
    Column("removable_at", DateTime(timezone=True), nullable=False),
    Index(None, "photo_id"),
    Index(None, "removable_at"),
)
