"""Very many notifications, told as fast as PostgreSQL writes them."""

from sqlalchemy import text

from schema.nodes import global_id

TELL = text("""
with told as (
  insert into notifications (user_id, kind, created_at)
  select :recipient, 'FOLLOW', date_trunc('milliseconds', clock_timestamp())
  from generate_series(1, :times) returning id
), joined as (
  insert into notification_actors (notification_id, actor_id) select id, :actor from told
)
select id, pg_notify('picshare_events', 'user:' || :name) from told
""")


async def tell_often(database, recipient, actor, times):
    """Tell somebody so many things at once; the ids by which they hear of them."""
    values = {"recipient": recipient.key, "actor": actor.key, "times": times}
    async with database.begin() as tx:
        found = await tx.execute(TELL, values | {"name": str(recipient.key)})
        return [global_id("notification", id) for id, _ in found]
