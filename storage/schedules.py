"""What happens again and again, once each time however many ask: the database's clock decides."""

from datetime import timedelta

from sqlalchemy import func, literal, update
from sqlalchemy.dialects.postgresql import insert as upsert

from storage.database import Writing, values
from storage.tables import schedules


async def fire(tx: Writing, name: str, every: timedelta) -> bool:
    """Whether it is time, for whoever asks first; the next time is that long from now on.

    Do what is due in the same transaction: if that is rolled back, it is due again. Whoever asks
    at the same moment waits for that.
    """
    next_at = func.clock_timestamp() + literal(every)
    is_due = schedules.c.due_at <= func.clock_timestamp()
    moving = update(schedules).where(schedules.c.name == name, is_due)
    fired = moving.values(due_at=next_at, fired=schedules.c.fired + 1)
    if await values(tx, fired.returning(schedules.c.name)):
        return True
    beginning = upsert(schedules).values(name=name, due_at=next_at, fired=1)
    first = beginning.on_conflict_do_nothing().returning(schedules.c.name)
    return bool(await values(tx, first))
