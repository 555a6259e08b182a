"""People, sessions, uploads, photos and follows, and PgQueuer's own tables."""

from pathlib import Path

from alembic import op
from pgqueuer.adapters.persistence.qb import QueryBuilderEnvironment

revision = "0001"
down_revision = None


def upgrade() -> None:
    connection = op.get_bind().connection
    # A script of many statements goes to asyncpg itself, still inside this transaction.
    op.execute("select 1")
    for script in (
        Path(__file__).with_suffix(".sql").read_text(),
        QueryBuilderEnvironment().build_install_query(),
    ):
        connection.run_async(lambda raw, script=script: raw.execute(script))
