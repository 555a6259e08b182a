"""Photos, their variants, and what they are found by."""

from typing import Final

from sqlalchemy import (
    ARRAY,
    BigInteger,
    CheckConstraint,
    Column,
    Computed,
    DateTime,
    Enum,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import TSVECTOR

from storage.rows import PhotoFailureCode, PhotoStatus, VariantName, Visibility
from storage.tables.columns import count, identifier, metadata, now, one_of, user, words

# What followers see of an account, and what everybody sees of one that is not private.
_SHOWN: Final = text("status = 'READY' AND visibility IN ('PUBLIC', 'FOLLOWERS')")
_PUBLIC: Final = text("status = 'READY' AND visibility = 'PUBLIC'")

photos = Table(
    "photos",
    metadata,
    identifier(),
    user("owner_id"),
    # An upload is published once; its row may be swept later, the photo stays.
    Column("upload_id", Uuid, nullable=False, unique=True),
    words("title"),
    words("caption"),
    words("alt_text"),
    Column("tags", ARRAY(Text), nullable=False, server_default=text("'{}'")),
    Column("latitude", Float),
    Column("longitude", Float),
    Column("location_name", Text),
    one_of("visibility", Visibility),
    one_of("status", PhotoStatus),
    one_of("failure_code", PhotoFailureCode, nullable=True),
    Column("failure_message", Text),
    now("created_at"),
    # Comments are counted at every depth, deleted ones not.
    count("like_count"),
    count("comment_count"),
    Column("width", Integer),
    Column("height", Integer),
    Column("blurhash", Text),
    Column("dominant_color", Text),
    Column("original_key", Text, nullable=False, unique=True),
    Column("content_type", Text, nullable=False),
    Column("byte_size", BigInteger, nullable=False),
    Column("checksum_sha256", LargeBinary, nullable=False),
    Column("filename", Text),
    # 128 random bits in the keys of the variants: who was not given them cannot guess them.
    Column("media_token", Text, nullable=False, unique=True),
    # Fences late workers: only the newest attempt may write its result.
    Column("attempt", Integer, nullable=False, server_default="0"),
    # Attempts in a row that began and never reported back.
    Column("crashes", Integer, nullable=False, server_default="0"),
    # What photos are found by: the words of title and tags, caption and alt text, weighted.
    Column(
        "words",
        TSVECTOR,
        Computed("photo_words(title, tags, caption, alt_text)", persisted=True),
        nullable=False,
    ),
    CheckConstraint("(latitude is null) = (longitude is null)", name="location"),
    CheckConstraint("(status = 'FAILED') = (failure_code is not null)", name="failure"),
    Index(
        "photos_owner_id_created_at_id_idx", "owner_id", text("created_at DESC"), text("id DESC")
    ),
    Index(
        "photos_shown_idx",
        "owner_id",
        text("created_at DESC"),
        text("id DESC"),
        postgresql_where=_SHOWN,
    ),
    # Upwards, as the rows come: their pages are filled then.
    Index(
        "photos_recent_idx",
        "created_at",
        "id",
        postgresql_where=_SHOWN,
    ),
    Index(
        "photos_public_idx",
        text("created_at DESC"),
        text("id DESC"),
        postgresql_where=_PUBLIC,
    ),
    Index(
        "photos_unfinished_idx", "status", "created_at", postgresql_where=text("status <> 'READY'")
    ),
    Index(
        "photos_processing_idx", "owner_id", "id", postgresql_where=text("status = 'PROCESSING'")
    ),
    Index(
        "photos_words_idx",
        "words",
        postgresql_using="gin",
        postgresql_where=_PUBLIC,
    ),
    Index(
        "photos_point_idx",
        text("earth_point(latitude, longitude)"),
        postgresql_using="gist",
        postgresql_where=text(
            "status = 'READY' AND visibility = 'PUBLIC' AND latitude IS NOT NULL"
        ),
    ),
)

# The tags of public photos, kept by a trigger on photos, in the order in which those are listed.
photo_tags = Table(
    "photo_tags",
    metadata,
    Column("photo_id", Uuid, ForeignKey("photos.id", ondelete="CASCADE"), primary_key=True),
    Column("tag", Text, primary_key=True),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Index("photo_tags_list_idx", "tag", text("created_at DESC"), text("photo_id DESC")),
)

# Every word of a public photo, kept by the same trigger, to find the right ones for a wrong one.
vocabulary = Table(
    "vocabulary",
    metadata,
    Column("word", Text, primary_key=True),
    Index(
        "vocabulary_alike_idx",
        "word",
        postgresql_using="gin",
        postgresql_ops={"word": "gin_trgm_ops"},
    ),
)

variants = Table(
    "variants",
    metadata,
    Column("photo_id", Uuid, ForeignKey("photos.id", ondelete="CASCADE"), primary_key=True),
    Column(
        "name",
        Enum(VariantName, native_enum=False, create_constraint=True, name="name", length=32),
        primary_key=True,
    ),
    Column("key", Text, nullable=False, unique=True),
    Column("width", Integer, nullable=False),
    Column("height", Integer, nullable=False),
    Column("content_type", Text, primary_key=True),
    Column("byte_size", BigInteger, nullable=False),
)
