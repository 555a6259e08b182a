"""Bounds on what strangers may try: counted in the database, for all processes together.

A subject is a digest of what is counted. A window slides: however the attempts are spread, no
span of its length holds more than the most.
"""

from datetime import datetime, timedelta

from sqlalchemy import Interval, delete, text, update
from sqlalchemy.sql.expression import bindparam

from storage.database import Writing, values
from storage.tables import attempts

# The clock of the statement, not of the transaction: that may have waited for the row.
_ADMIT = text(
    """
    insert into attempts (subject, times, latest_at)
    values (:subject, array[clock_timestamp()], clock_timestamp())
    on conflict (subject) do update
    set latest_at = clock_timestamp(),
        times = clock_timestamp() || array(
            select t from unnest(attempts.times) as t where t > clock_timestamp() - :window
        )
    where (
        select count(*) from unnest(attempts.times) as t where t > clock_timestamp() - :window
    ) < :most
    returning 1
    """
).bindparams(bindparam("window", type_=Interval))


async def admit(tx: Writing, subject: bytes, most: int, window: timedelta) -> bool:
    """Whether one more attempt fits into the window; it is counted if it does."""
    given = {"subject": subject, "most": most, "window": window}
    return (await tx.execute(_ADMIT, given)).first() is not None


async def give_back(tx: Writing, subject: bytes) -> None:
    """Count one attempt less: the latest turned out to be no guess."""
    shorter = text("times[2:]")
    await tx.execute(update(attempts).where(attempts.c.subject == subject).values(times=shorter))


async def forget_old(tx: Writing, before: datetime, at_most: int = 5_000) -> int:
    """Forget subjects whose latest attempt was before then; how many there were."""
    old = attempts.c.latest_at < before
    chosen = await values(
        tx,
        attempts.select()
        .with_only_columns(attempts.c.subject)
        .where(old)
        .limit(at_most)
        .with_for_update(skip_locked=True),
    )
    gone = delete(attempts).where(attempts.c.subject.in_(chosen), old)
    return (await tx.execute(gone)).rowcount
