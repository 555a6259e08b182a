"""What is swept, and variants that are made anew."""

from pathlib import Path

from storage.migrations.scripts import run

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    run(Path(__file__).with_suffix(".sql").read_text())
