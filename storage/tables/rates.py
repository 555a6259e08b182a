"""How much of their rate limits people have used."""

from sqlalchemy import Column, DateTime, LargeBinary, Table

from storage.tables.columns import metadata

# A bucket is known here by a keyed digest of whose it is, and by when it will be full again:
# one that is full is no row at all. Unlogged, see the migration.
rate_buckets = Table(
    "rate_buckets",
    metadata,
    Column("key", LargeBinary, primary_key=True),
    Column("full_at", DateTime(timezone=True), nullable=False),
    prefixes=["UNLOGGED"],
)
