"""What users are told."""

from sqlalchemy import Column, DateTime, ForeignKey, Index, Table, Uuid, text

from storage.rows import NotificationKind
from storage.tables.columns import identifier, metadata, now, one_of, user

# One row is what a user is told once: that several people liked a photo is one notification.
notifications = Table(
    "notifications",
    metadata,
    identifier(),
    user("user_id"),
    one_of("kind", NotificationKind),
    Column("photo_id", Uuid, ForeignKey("photos.id", ondelete="CASCADE")),
    Column("comment_id", Uuid, ForeignKey("comments.id", ondelete="CASCADE")),
    # When the latest of its actors joined.
    now("created_at"),
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
    Index("notifications_read_at_idx", "read_at", postgresql_where=text("read_at IS NOT NULL")),
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
    user("actor_id", primary_key=True),
    now("created_at"),
    Index(
        "notification_actors_latest_idx",
        "notification_id",
        text("created_at DESC"),
        text("actor_id DESC"),
    ),
    Index(None, "actor_id"),
)
