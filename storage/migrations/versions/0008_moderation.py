"""Moderation: verdicts, reports, roles, and the trail."""

from pathlib import Path

from storage.migrations.scripts import run

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    run(Path(__file__).with_suffix(".sql").read_text())
