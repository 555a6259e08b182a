"""Who tried what, and when: so much and no more is let in."""

from sqlalchemy import ARRAY, Column, DateTime, Index, LargeBinary, Table

from storage.tables.columns import metadata, now

# A subject is known here by a keyed digest only: of an account, an address, a device.
attempts = Table(
    "attempts",
    metadata,
    Column("subject", LargeBinary, primary_key=True),
    Column("times", ARRAY(DateTime(timezone=True)), nullable=False),
    now("latest_at"),
    Index(None, "latest_at"),
)
