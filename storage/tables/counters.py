"""Checks of the kept counts."""

from sqlalchemy import Column, DateTime, Integer, Table, Text

from storage.tables.columns import metadata

# What the last check of each kept count found.
counter_checks = Table(
    "counter_checks",
    metadata,
    Column("counter", Text, primary_key=True),
    Column("drifted", Integer, nullable=False),
    Column("checked_at", DateTime(timezone=True), nullable=False),
)
