"""What photos and people are found by: words, tags, places and names."""

from pathlib import Path

from storage.migrations.scripts import run

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    run(Path(__file__).with_suffix(".sql").read_text())
