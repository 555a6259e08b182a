"""Attempts at passwords, proven addresses, mails, known devices, and idempotency keys."""

from pathlib import Path

from storage.migrations.scripts import run

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    run(Path(__file__).with_suffix(".sql").read_text())
