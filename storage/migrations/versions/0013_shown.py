"""Indexes that answer the home feed alone, built while everybody goes on writing."""

from pathlib import Path

from storage.migrations.scripts import run_beside

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    run_beside(Path(__file__).with_suffix(".sql").read_text())
