"""SQL as it is written, for migrations."""

from alembic import op


def run(script: str) -> None:
    """Run a script of many statements inside the migration's transaction."""
    # SQLAlchemy begins the transaction with its first statement; asyncpg itself takes scripts.
    op.execute("select 1")
    op.get_bind().connection.run_async(lambda raw: raw.execute(script))


def run_beside(script: str) -> None:
    """Run statements one by one and outside of transactions, as PostgreSQL builds indexes without
    a halt of the writers.

    Whoever calls it sees to it that the whole script may be run again after it broke off.
    """
    with op.get_context().autocommit_block():
        for statement in script.split(";\n"):
            op.execute(statement)
