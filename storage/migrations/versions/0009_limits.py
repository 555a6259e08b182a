"""Buckets of the rate limits."""

from pathlib import Path

from storage.migrations.scripts import run

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    run(Path(__file__).with_suffix(".sql").read_text())
