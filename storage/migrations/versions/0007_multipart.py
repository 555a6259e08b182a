"""Uploads in parts, and quotas."""

from pathlib import Path

from storage.migrations.scripts import run

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    run(Path(__file__).with_suffix(".sql").read_text())
