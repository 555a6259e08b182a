"""The tables, as SQLAlchemy Core knows them; the migrations make them.

Ids are UUIDv7, so rows that were made together lie together. Times are set by the
database, the only clock that all processes share.
"""

from enum import StrEnum

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
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
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import TSVECTOR

from storage.rows import NotificationKind, PhotoFailureCode, PhotoStatus, VariantName, Visibility

metadata = MetaData(
    naming_convention={
        "ix": "%(table_name)s_%(column_0_N_name)s_idx",
        "uq": "%(table_name)s_%(column_0_N_name)s_key",
        "ck": "%(table_name)s_%(constraint_name)s_check",
        "fk": "%(table_name)s_%(column_0_N_name)s_fkey",
        "pk": "%(table_name)s_pkey",
    }
)


def _id() -> Column[object]:
    return Column("id", Uuid, primary_key=True, server_default=text("uuidv7()"))


def _user(name: str, *, primary_key: bool = False) -> Column[object]:
    owner = ForeignKey("users.id", ondelete="CASCADE")
    return Column(name, Uuid, owner, nullable=False, primary_key=primary_key)


def _now(name: str) -> Column[object]:
    return Column(name, DateTime(timezone=True), nullable=False, server_default=func.now())


def _words(name: str) -> Column[str]:
    return Column(name, Text, nullable=False, server_default="")


def _count(name: str) -> Column[int]:
    return Column(
        name,
        Integer,
        CheckConstraint(f"{name} >= 0", name=name),
        nullable=False,
        server_default="0",
    )


def _one_of(name: str, members: type[StrEnum], *, nullable: bool = False) -> Column[object]:
    kind = Enum(members, native_enum=False, create_constraint=True, name=name, length=32)
    return Column(name, kind, nullable=nullable)


users = Table(
    "users",
    metadata,
    _id(),
    Column("username", Text, nullable=False),
    _words("display_name"),
    _words("bio"),
    Column("is_private", Boolean, nullable=False, server_default=text("false")),
    _now("created_at"),
    # What guests and strangers, what followers, and what the owner can list.
    _count("public_photo_count"),
    _count("followers_photo_count"),
    _count("own_photo_count"),
    _count("follower_count"),
    _count("following_count"),
    # Where the squares of the avatar lie, and how large the largest is; null without an avatar.
    Column("avatar_token", Text, unique=True),
    Column("avatar_size", Integer),
    CheckConstraint("(avatar_token is null) = (avatar_size is null)", name="avatar"),
    # What people are found by: their names without accents or case.
    Column("names", Text, Computed("user_names(username, display_name)"), nullable=False),
    Index(
        "users_names_idx",
        "names",
        postgresql_using="gin",
        postgresql_ops={"names": "gin_trgm_ops"},
    ),
    Index("users_username_key", func.lower(text("username")), unique=True),
    Index("users_created_at_id_idx", text("created_at DESC"), text("id DESC")),
    # Counters change often: room on the page keeps those updates out of the indexes.
    postgresql_with={"fillfactor": "80"},
)

# Apart from users, so that no query of people can carry a hash or an address along.
credentials = Table(
    "credentials",
    metadata,
    _user("user_id", primary_key=True),
    Column("email", Text, nullable=False),
    Column("password_hash", Text, nullable=False),
    Index("credentials_email_key", func.lower(text("email")), unique=True),
)

sessions = Table(
    "sessions",
    metadata,
    _id(),
    _user("user_id"),
    _now("created_at"),
    Column("expires_at", DateTime(timezone=True), nullable=False),
    Column("ended_at", DateTime(timezone=True)),
    Index(None, "user_id"),
)

# A token is known here by its SHA-256 only; one that has a successor has been used.
refresh_tokens = Table(
    "refresh_tokens",
    metadata,
    Column("token_hash", LargeBinary, primary_key=True),
    Column("session_id", Uuid, ForeignKey("sessions.id", ondelete="CASCADE"), nullable=False),
    _now("created_at"),
    Column("used_at", DateTime(timezone=True)),
    Index(None, "session_id"),
)

uploads = Table(
    "uploads",
    metadata,
    _id(),
    _user("user_id"),
    Column("staging_key", Text, nullable=False, unique=True),
    Column("content_type", Text, nullable=False),
    Column("byte_size", BigInteger, nullable=False),
    Column("checksum_sha256", LargeBinary, nullable=False),
    Column("filename", Text),
    Column("idempotency_key", Text),
    _now("created_at"),
    Column("expires_at", DateTime(timezone=True), nullable=False),
    Column("publish_until", DateTime(timezone=True), nullable=False),
    UniqueConstraint("user_id", "idempotency_key"),
)

photos = Table(
    "photos",
    metadata,
    _id(),
    _user("owner_id"),
    # An upload is published once; its row may be swept later, the photo stays.
    Column("upload_id", Uuid, nullable=False, unique=True),
    _words("title"),
    _words("caption"),
    _words("alt_text"),
    Column("tags", ARRAY(Text), nullable=False, server_default=text("'{}'")),
    Column("latitude", Float),
    Column("longitude", Float),
    Column("location_name", Text),
    _one_of("visibility", Visibility),
    _one_of("status", PhotoStatus),
    _one_of("failure_code", PhotoFailureCode, nullable=True),
    Column("failure_message", Text),
    _now("created_at"),
    Column("taken_at", DateTime(timezone=True)),
    # Comments are counted at every depth, deleted ones not.
    _count("like_count"),
    _count("comment_count"),
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
        Computed("photo_words(title, tags, caption, alt_text)"),
        nullable=False,
    ),
    CheckConstraint("(latitude is null) = (longitude is null)", name="location"),
    CheckConstraint("(status = 'FAILED') = (failure_code is not null)", name="failure"),
    Index(
        "photos_owner_id_created_at_id_idx", "owner_id", text("created_at DESC"), text("id DESC")
    ),
    Index(
        "photos_ready_idx",
        "owner_id",
        text("created_at DESC"),
        text("id DESC"),
        postgresql_where=text("status = 'READY'"),
    ),
    Index(
        "photos_public_idx",
        text("created_at DESC"),
        text("id DESC"),
        postgresql_where=text("status = 'READY' AND visibility = 'PUBLIC'"),
    ),
    Index(
        "photos_unfinished_idx", "status", "created_at", postgresql_where=text("status <> 'READY'")
    ),
    Index(
        "photos_words_idx",
        "words",
        postgresql_using="gin",
        postgresql_where=text("status = 'READY' AND visibility = 'PUBLIC'"),
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
    Column("content_type", Text, nullable=False),
    Column("byte_size", BigInteger, nullable=False),
)

follows = Table(
    "follows",
    metadata,
    _user("follower_id", primary_key=True),
    _user("followee_id", primary_key=True),
    _now("created_at"),
    CheckConstraint("follower_id <> followee_id", name="not_oneself"),
    Index(
        "follows_followers_idx", "followee_id", text("created_at DESC"), text("follower_id DESC")
    ),
    Index(
        "follows_following_idx", "follower_id", text("created_at DESC"), text("followee_id DESC")
    ),
)

# Apart from follows, so that nothing that asks who follows can take a request for a follow.
follow_requests = Table(
    "follow_requests",
    metadata,
    _user("follower_id", primary_key=True),
    _user("followee_id", primary_key=True),
    _now("created_at"),
    CheckConstraint("follower_id <> followee_id", name="not_oneself"),
    Index(
        "follow_requests_waiting_idx",
        "followee_id",
        text("created_at DESC"),
        text("follower_id DESC"),
    ),
)

blocks = Table(
    "blocks",
    metadata,
    _user("blocker_id", primary_key=True),
    _user("blocked_id", primary_key=True),
    _now("created_at"),
    CheckConstraint("blocker_id <> blocked_id", name="not_oneself"),
    Index(None, "blocked_id"),
)

likes = Table(
    "likes",
    metadata,
    Column("photo_id", Uuid, ForeignKey("photos.id", ondelete="CASCADE"), primary_key=True),
    _user("user_id", primary_key=True),
    _now("created_at"),
    Index("likes_likers_idx", "photo_id", text("created_at DESC"), text("user_id DESC")),
    Index(None, "user_id"),
)

comments = Table(
    "comments",
    metadata,
    _id(),
    Column("photo_id", Uuid, ForeignKey("photos.id", ondelete="CASCADE"), nullable=False),
    # Null once the author's account is deleted.
    Column("author_id", Uuid, ForeignKey("users.id", ondelete="CASCADE")),
    Column("parent_id", Uuid, ForeignKey("comments.id", ondelete="CASCADE")),
    # Null once deleted while replies remain: a tombstone keeps their place in the thread.
    Column("body", Text),
    CheckConstraint("author_id is not null or body is null", name="author"),
    _now("created_at"),
    # Direct replies that can be listed, tombstones among them.
    _count("reply_count"),
    Index(
        "comments_threads_idx",
        "photo_id",
        text("created_at DESC"),
        text("id DESC"),
        postgresql_where=text("parent_id IS NULL"),
    ),
    Index("comments_replies_idx", "parent_id", "created_at", "id"),
    Index(None, "photo_id", "created_at"),
    Index(None, "author_id"),
)

# One row is what a user is told once: that several people liked a photo is one notification.
notifications = Table(
    "notifications",
    metadata,
    _id(),
    _user("user_id"),
    _one_of("kind", NotificationKind),
    Column("photo_id", Uuid, ForeignKey("photos.id", ondelete="CASCADE")),
    Column("comment_id", Uuid, ForeignKey("comments.id", ondelete="CASCADE")),
    # When the latest of its actors joined.
    _now("created_at"),
    Column("read_at", DateTime(timezone=True)),
    Index("notifications_list_idx", "user_id", text("created_at DESC"), text("id DESC")),
    Index("notifications_unread_idx", "user_id", postgresql_where=text("read_at IS NULL")),
    # Unread likes of one photo gather in one notification.
    Index(
        "notifications_likes_key",
        "user_id",
        "photo_id",
        unique=True,
        postgresql_where=text("kind = 'LIKE' AND read_at IS NULL"),
    ),
    Index("notifications_photo_id_idx", "photo_id"),
    Index("notifications_comment_id_idx", "comment_id"),
)

notification_actors = Table(
    "notification_actors",
    metadata,
    Column(
        "notification_id",
        Uuid,
        ForeignKey("notifications.id", ondelete="CASCADE"),
        primary_key=True,
    ),
    _user("actor_id", primary_key=True),
    _now("created_at"),
    Index(
        "notification_actors_latest_idx",
        "notification_id",
        text("created_at DESC"),
        text("actor_id DESC"),
    ),
    Index(None, "actor_id"),
)

# What the last check of each kept count found.
counter_checks = Table(
    "counter_checks",
    metadata,
    Column("counter", Text, primary_key=True),
    Column("drifted", Integer, nullable=False),
    Column("checked_at", DateTime(timezone=True), nullable=False),
)

# Pictures chosen as avatars: the one that is shown, and one that was chosen after it.
avatars = Table(
    "avatars",
    metadata,
    _id(),
    _user("user_id"),
    Column("upload_id", Uuid, nullable=False, unique=True),
    _one_of("status", PhotoStatus),
    _one_of("failure_code", PhotoFailureCode, nullable=True),
    Column("failure_message", Text),
    _now("created_at"),
    Column("original_key", Text, nullable=False, unique=True),
    Column("content_type", Text, nullable=False),
    Column("byte_size", BigInteger, nullable=False),
    Column("checksum_sha256", LargeBinary, nullable=False),
    Column("filename", Text),
    Column("token", Text, nullable=False, unique=True),
    # As with photos: fences late workers, and counts attempts that never reported back.
    Column("attempt", Integer, nullable=False, server_default="0"),
    Column("crashes", Integer, nullable=False, server_default="0"),
    CheckConstraint("(status = 'FAILED') = (failure_code is not null)", name="failure"),
    Index("avatars_shown_key", "user_id", unique=True, postgresql_where=text("status = 'READY'")),
    Index("avatars_chosen_key", "user_id", unique=True, postgresql_where=text("status <> 'READY'")),
)

# Accounts that are being deleted: nobody finds them any more, and nobody comes in.
departures = Table("departures", metadata, _user("user_id", primary_key=True), _now("left_at"))

# Names given up, in lower case; for a while nobody else can take them.
former_usernames = Table(
    "former_usernames",
    metadata,
    _id(),
    _user("user_id"),
    Column("username", Text, nullable=False),
    _now("given_up_at"),
    Index(None, "user_id"),
    Index(None, "username"),
)

# The latest export of each user's data.
exports = Table(
    "exports",
    metadata,
    _user("user_id", primary_key=True),
    Column("token", Text, nullable=False, unique=True),
    _one_of("status", PhotoStatus),
    _now("requested_at"),
    Column("byte_size", BigInteger),
    Column("expires_at", DateTime(timezone=True)),
    Column("crashes", Integer, nullable=False, server_default="0"),
    CheckConstraint("(status = 'READY') = (expires_at is not null)", name="expiry"),
)
