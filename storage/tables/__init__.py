"""The tables, as SQLAlchemy Core knows them; the migrations make them.

Ids are UUIDv7, so rows that were made together lie together. Times are set by the
database, the only clock that all processes share.
"""

from storage.tables.accounts import credentials, refresh_tokens, sessions
from storage.tables.avatars import avatars
from storage.tables.columns import metadata
from storage.tables.counters import counter_checks
from storage.tables.exports import exports
from storage.tables.follows import blocks, follow_requests, follows
from storage.tables.notifications import notification_actors, notifications
from storage.tables.photos import photo_tags, photos, variants, vocabulary
from storage.tables.reactions import comments, likes
from storage.tables.uploads import uploads
from storage.tables.users import departures, former_usernames, users

__all__ = [
    "avatars",
    "blocks",
    "comments",
    "counter_checks",
    "credentials",
    "departures",
    "exports",
    "follow_requests",
    "follows",
    "former_usernames",
    "likes",
    "metadata",
    "notification_actors",
    "notifications",
    "photo_tags",
    "photos",
    "refresh_tokens",
    "sessions",
    "uploads",
    "users",
    "variants",
    "vocabulary",
]
