"""What of a picture's own data its owner shares, and formats of variants."""

from pathlib import Path

from storage.migrations.scripts import run

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    run(Path(__file__).with_suffix(".sql").read_text())
