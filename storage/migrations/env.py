"""What alembic runs for every command; the caller hands over a connection."""

from alembic import context

from storage.tables import metadata

connection = context.config.attributes["connection"]
# The queue's tables belong to PgQueuer: a step of ours installs them, no comparison touches them.
context.configure(
    connection=connection,
    target_metadata=metadata,
    transaction_per_migration=True,
    include_name=lambda name, kind, _parents: (
        kind != "table" or not (name or "").startswith("pgqueuer")
    ),
)
with context.begin_transaction():
    context.run_migrations()
