"""Pictures chosen as avatars."""

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    Uuid,
    text,
)

from storage.rows import PhotoFailureCode, PhotoStatus
from storage.tables.columns import identifier, metadata, now, one_of, user

# Pictures chosen as avatars: the one that is shown, and one that was chosen after it.
avatars = Table(
    "avatars",
    metadata,
    identifier(),
    user("user_id"),
    Column("upload_id", Uuid, nullable=False, unique=True),
    one_of("status", PhotoStatus),
    one_of("failure_code", PhotoFailureCode, nullable=True),
    Column("failure_message", Text),
    now("created_at"),
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
