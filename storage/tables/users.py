"""People, and the names they gave up."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Computed,
    Index,
    Integer,
    Table,
    Text,
    func,
    text,
)

from storage.tables.columns import count, identifier, metadata, now, user, words

users = Table(
    "users",
    metadata,
    identifier(),
    Column("username", Text, nullable=False),
    words("display_name"),
    words("bio"),
    Column("is_private", Boolean, nullable=False, server_default=text("false")),
    now("created_at"),
    # What guests and strangers, what followers, and what the owner can list.
    count("public_photo_count"),
    count("followers_photo_count"),
    count("own_photo_count"),
    # What the originals of all their photos have together.
    Column(
        "own_byte_size",
        BigInteger,
        CheckConstraint("own_byte_size >= 0", name="own_byte_size"),
        nullable=False,
        server_default="0",
    ),
    count("follower_count"),
    count("following_count"),
    # Where the squares of the avatar lie, and how large the largest is; null without an avatar.
    Column("avatar_token", Text, unique=True),
    Column("avatar_size", Integer),
    CheckConstraint("(avatar_token is null) = (avatar_size is null)", name="avatar"),
    # What people are found by: their names without accents or case.
    Column(
        "names",
        Text,
        Computed("user_names(username, display_name)", persisted=True),
        nullable=False,
    ),
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

# Names given up, in lower case; for a while nobody else can take them.
former_usernames = Table(
    "former_usernames",
    metadata,
    identifier(),
    user("user_id"),
    Column("username", Text, nullable=False),
    now("given_up_at"),
    Index(None, "user_id"),
    Index(None, "username"),
)

# Accounts that are being deleted: nobody finds them any more, and nobody comes in.
departures = Table("departures", metadata, user("user_id", primary_key=True), now("left_at"))
