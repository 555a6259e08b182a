"""The queue: whose photos wait, what is claimed next, and what was given up."""

from pathlib import Path

from storage.migrations.scripts import run

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    run(Path(__file__).with_suffix(".sql").read_text())
