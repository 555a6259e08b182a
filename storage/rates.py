"""Buckets of points that fill with time, shared by all processes.

Kept as the one moment at which a bucket is full again, as in the generic cell rate algorithm
(ITU-T I.371, https://www.itu.int/rec/T-REC-I.371): what is taken moves it further away.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from sqlalchemy import text

from storage.database import Way, Writing
from storage.reads import Read, rows

# No transaction has to be begun: it is one statement. What is missing in a bucket, and what is
# taken, is counted in the seconds that it takes to come back. Whoever takes out of several
# buckets locks them in the order of their keys.
_TAKE_TEXT: Final = """
    with wishes (key, span_s, least_s, wanted_s, back_s) as materialized (
        select * from unnest($1::bytea[], $2::float8[], $3::float8[], $4::float8[], $5::float8[])
    ), taken as (
        insert into rate_buckets as kept (key, full_at)
        select key, now() + make_interval(secs => wanted_s) from wishes order by key
        on conflict (key) do update set full_at = (
            select left_at + make_interval(secs => (
                select case when spare_s >= least_s
                       then greatest(least_s, least(wanted_s, spare_s / 8)) else 0 end
                from (select span_s - extract(epoch from left_at - now())::float8) as room (spare_s)
            ))
            from (
                select *, greatest(kept.full_at - make_interval(secs => back_s), now())
                from wishes where key = excluded.key
            ) as wish (key, span_s, least_s, wanted_s, back_s, left_at)
        )
        returning new.key, old.full_at as was_full_at, new.full_at
    )
    select key,
        extract(epoch from full_at
            - greatest(was_full_at - make_interval(secs => back_s), now()))::float8,
        extract(epoch from full_at - now())::float8
    from taken join wishes using (key)
"""


@dataclass(slots=True)
class Grant:
    """What was taken out of a bucket, and what is missing in it now, in seconds of refilling."""

    taken_s: float
    missing_s: float


@dataclass(slots=True)
class Standing:
    """Where somebody stands with a rate limit, after an operation was charged."""

    limit: int
    remaining: int
    full_in_s: float
    cost: int


@dataclass(slots=True)
class Wish:
    """What is to be taken, in seconds of refilling: the least, more if there is much, and what
    comes back because it was not used.
    """

    least_s: float
    wanted_s: float
    back_s: float = 0.0


# The key beside its grant; the time of the server may run back a little.
_TAKE: Final = Read(
    _TAKE_TEXT,
    ("keys", "spans_s", "leasts_s", "wanted_s", "backs_s"),
    lambda record: (record[0], Grant(max(record[1], 0.0), max(record[2], 0.0))),
)


async def take(way: Way, wishes: Mapping[bytes, tuple[float, Wish]]) -> dict[bytes, Grant]:
    """Take out of each bucket what is wanted but no large part of what is left, the least, or
    nothing. Beside each wish stands how long the bucket takes to be full when it is empty.
    """
    asked = sorted(wishes)
    granted = await rows(
        way,
        _TAKE,
        keys=asked,
        spans_s=[wishes[key][0] for key in asked],
        leasts_s=[wishes[key][1].least_s for key in asked],
        wanted_s=[wishes[key][1].wanted_s for key in asked],
        backs_s=[wishes[key][1].back_s for key in asked],
    )
    return dict(granted)


async def sweep(tx: Writing) -> int:
    """Drop the buckets that are full; how many they were."""
    return (await tx.execute(text("delete from rate_buckets where full_at < now()"))).rowcount
