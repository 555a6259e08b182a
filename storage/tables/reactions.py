"""Likes and comments."""

from sqlalchemy import CheckConstraint, Column, ForeignKey, Index, Table, Text, Uuid, text

from storage.tables.columns import count, identifier, metadata, now, user

likes = Table(
    "likes",
    metadata,
    Column("photo_id", Uuid, ForeignKey("photos.id", ondelete="CASCADE"), primary_key=True),
    user("user_id", primary_key=True),
    now("created_at"),
    Index("likes_likers_idx", "photo_id", text("created_at DESC"), text("user_id DESC")),
    Index(None, "user_id"),
)

comments = Table(
    "comments",
    metadata,
    identifier(),
    Column("photo_id", Uuid, ForeignKey("photos.id", ondelete="CASCADE"), nullable=False),
    # Null once the author's account is deleted.
    Column("author_id", Uuid, ForeignKey("users.id", ondelete="CASCADE")),
    Column("parent_id", Uuid, ForeignKey("comments.id", ondelete="CASCADE")),
    # Null once deleted while replies remain: a tombstone keeps their place in the thread.
    Column("body", Text),
    CheckConstraint("author_id is not null or body is null", name="author"),
    now("created_at"),
    # Direct replies that can be listed, tombstones among them.
    count("reply_count"),
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
