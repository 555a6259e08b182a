"""People, sessions, uploads, photos and follows, and PgQueuer's own tables."""

from pathlib import Path

from pgqueuer.adapters.persistence.qb import QueryBuilderEnvironment

from storage.migrations.scripts import run

revision = "0001"
down_revision = None


def upgrade() -> None:
    run(Path(__file__).with_suffix(".sql").read_text())
    run(QueryBuilderEnvironment().build_install_query())
