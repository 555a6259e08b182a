"""Buckets of points that fill with time, shared by all processes.

Kept as the one moment at which a bucket is full again, as in the generic cell rate algorithm
(ITU-T I.371, https://www.itu.int/rec/T-REC-I.371): what is taken moves it further away.
"""

from dataclasses import dataclass
from typing import Final

from sqlalchemy import Float, LargeBinary, bindparam, text

from storage.database import Writing

# No transaction has to be begun: it is one statement. What is missing in a bucket, and what is
# taken, is counted in the seconds that it takes to come back.
_TAKE: Final = text(
    """
    insert into rate_buckets as kept (key, full_at)
    values (:key, now() + make_interval(secs => :wanted_s))
    on conflict (key) do update set full_at =
        greatest(kept.full_at - make_interval(secs => :back_s), now()) + make_interval(secs => (
            select case when spare_s >= :least_s
                   then greatest(:least_s, least(:wanted_s, spare_s / 8)) else 0 end
            from (select :span_s - extract(epoch from
                greatest(kept.full_at - make_interval(secs => :back_s), now()) - now()
            )::float8) as room (spare_s)
        ))
    returning extract(epoch from
        new.full_at - greatest(old.full_at - make_interval(secs => :back_s), now()))::float8,
        extract(epoch from new.full_at - now())::float8
    """
).bindparams(
    bindparam("key", type_=LargeBinary),
    *(bindparam(name, type_=Float) for name in ("wanted_s", "back_s", "least_s", "span_s")),
)


@dataclass(frozen=True, slots=True)
class Grant:
    """What was taken out of a bucket, and what is missing in it now, in seconds of refilling."""

    taken_s: float
    missing_s: float


@dataclass(frozen=True, slots=True)
class Standing:
    """Where somebody stands with a rate limit, after an operation was charged."""

    limit: int
    remaining: int
    full_in_s: float
    cost: int


async def take(
    tx: Writing, key: bytes, *, span_s: float, least_s: float, wanted_s: float, back_s: float
) -> Grant:
    """Take what is wanted but no large part of what is left, the least, or nothing.

    *span_s*: how long an empty bucket takes to be full. *back_s*: what was taken and not used.
    """
    given = {
        "key": key,
        "span_s": span_s,
        "least_s": least_s,
        "wanted_s": wanted_s,
        "back_s": back_s,
    }
    taken_s, missing_s = (await tx.execute(_TAKE, given)).one()
    return Grant(max(taken_s, 0.0), max(missing_s, 0.0))


async def sweep(tx: Writing) -> int:
    """Drop the buckets that are full; how many they were."""
    return (await tx.execute(text("delete from rate_buckets where full_at < now()"))).rowcount
