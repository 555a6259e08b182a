"""Likes, comments, and what people are told of them."""

from pathlib import Path

from storage.migrations.scripts import run

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    run(Path(__file__).with_suffix(".sql").read_text())
