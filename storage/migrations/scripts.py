"""SQL as it is written, for migrations."""

import re
from typing import Final

from alembic import op
from sqlalchemy import text

_MADE: Final = re.compile(r"CREATE INDEX CONCURRENTLY IF NOT EXISTS (\w+)")
_IS_BROKEN: Final = text(
    "select not indisvalid from pg_index where indexrelid = to_regclass(:name)"
)


def run(script: str) -> None:
    """Run a script of many statements inside the migration's transaction."""
    # SQLAlchemy begins the transaction with its first statement; asyncpg itself takes scripts.
    op.execute("select 1")
    op.get_bind().connection.run_async(lambda raw: raw.execute(script))


def run_beside(script: str) -> None:
    """Run statements one by one and outside of transactions, as PostgreSQL builds indexes without
    a halt of the writers.

    Whoever calls it sees to it that the whole script may be run again after it broke off. An
    index that exists stays; what building it left when it broke off is made anew.
    """
    with op.get_context().autocommit_block():
        for statement in script.split(";\n"):
            made = _MADE.search(statement)
            if made and op.get_bind().execute(_IS_BROKEN, {"name": made[1]}).scalar():
                op.execute(f"DROP INDEX CONCURRENTLY {made[1]}")
            op.execute(statement)
