"""Avatars, names given up, exports, and accounts that are being deleted."""

from pathlib import Path

from storage.migrations.scripts import run

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    run(Path(__file__).with_suffix(".sql").read_text())
