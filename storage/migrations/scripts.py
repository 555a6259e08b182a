"""SQL as it is written, for migrations."""

from alembic import op


def run(script: str) -> None:
    """Run a script of many statements inside the migration's transaction."""
    # SQLAlchemy begins the transaction with its first statement; asyncpg itself takes scripts.
    op.execute("select 1")
    op.get_bind().connection.run_async(lambda raw: raw.execute(script))
