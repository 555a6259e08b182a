"""Accounts that nobody comes into, by a moderator's decision."""

from pathlib import Path

from storage.migrations.scripts import run

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    run(Path(__file__).with_suffix(".sql").read_text())
