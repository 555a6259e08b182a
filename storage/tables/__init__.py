"""The tables, as SQLAlchemy Core knows them; the migrations make them.

Ids are UUIDv7, so rows that were made together lie together. Times are set by the
database, the only clock that all processes share.
"""

from storage.tables.accounts import credentials, refresh_tokens, sessions
from storage.tables.attempts import attempts
from storage.tables.avatars import avatars
from storage.tables.columns import metadata
from storage.tables.counters import counter_checks
from storage.tables.exports import exports
from storage.tables.follows import blocks, follow_requests, follows
from storage.tables.idempotency import idempotency_keys
from storage.tables.mails import mail_codes, mails
from storage.tables.moderation import (
    cases,
    holds,
    moderation_log,
    moderators,
    reports,
    webhook_receipts,
)
from storage.tables.notifications import notification_actors, notifications
from storage.tables.photos import photo_tags, photos, variants, vocabulary
from storage.tables.rates import rate_buckets
from storage.tables.reactions import comments, likes
from storage.tables.regenerations import regenerations, remakings, replaced_variants
from storage.tables.shots import shots
from storage.tables.sweeping import orphans, schedules, sweeps
from storage.tables.uploads import uploads
from storage.tables.users import departures, former_usernames, users

__all__ = [
    "attempts",
    "avatars",
    "blocks",
    "cases",
    "comments",
    "counter_checks",
    "credentials",
    "departures",
    "exports",
    "follow_requests",
    "follows",
    "former_usernames",
    "holds",
    "idempotency_keys",
    "likes",
    "mail_codes",
    "mails",
    "metadata",
    "moderation_log",
    "moderators",
    "notification_actors",
    "notifications",
    "orphans",
    "photo_tags",
    "photos",
    "rate_buckets",
    "refresh_tokens",
    "regenerations",
    "remakings",
    "replaced_variants",
    "reports",
    "schedules",
    "sessions",
    "shots",
    "sweeps",
    "uploads",
    "users",
    "variants",
    "vocabulary",
    "webhook_receipts",
]
