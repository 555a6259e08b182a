"""Likes, comments, what people are told of them, and checks of what is counted."""

from pathlib import Path

from storage.migrations.scripts import run

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    run(Path(__file__).with_suffix(".sql").read_text())
