"""An index over what followers see, by time, built while everybody goes on writing."""

from pathlib import Path

from storage.migrations.scripts import run_beside

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    run_beside(Path(__file__).with_suffix(".sql").read_text())
