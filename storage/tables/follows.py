"""Who follows whom, who waits to, and who blocked whom."""

from sqlalchemy import CheckConstraint, Index, Table, text

from storage.tables.columns import metadata, now, user

follows = Table(
    "follows",
    metadata,
    user("follower_id", primary_key=True),
    user("followee_id", primary_key=True),
    now("created_at"),
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
    user("follower_id", primary_key=True),
    user("followee_id", primary_key=True),
    now("created_at"),
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
    user("blocker_id", primary_key=True),
    user("blocked_id", primary_key=True),
    now("created_at"),
    CheckConstraint("blocker_id <> blocked_id", name="not_oneself"),
    Index(None, "blocked_id", "blocker_id"),
)
