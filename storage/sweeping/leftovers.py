"""Rows that lead nowhere any more: removed some at a time, with the objects that they speak of.

Each function removes some of one kind and answers how many; a number below BATCH means that none
is left. Run by several at once, or broken off anywhere, they do no harm.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from types import MappingProxyType
from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    DateTime,
    FromClause,
    and_,
    column,
    delete,
    func,
    literal,
    or_,
    select,
    table,
    update,
)

from storage import attempts, idempotency, jobs, mails
from storage import exports as export_keys
from storage.accounts import HELD
from storage.database import Writing, values
from storage.sessions import KNOWN_FOR
from storage.tables import (
    exports,
    former_usernames,
    notifications,
    refresh_tokens,
    regenerations,
    replaced_variants,
    sessions,
    sweeps,
    uploads,
)
from storage.uploads import is_used

BATCH: Final = 1_000
# What PgQueuer noted about jobs, to look into what went wrong; statistics are a row a second.
LOGGED: Final = timedelta(days=7)
COUNTED: Final = timedelta(days=30)
# Longer than any window in which attempts are counted.
TRIED: Final = timedelta(days=2)
MAILED: Final = timedelta(days=30)
TOLD_OF: Final = timedelta(days=90)

_log = table("pgqueuer_log", column("id", BigInteger), column("created", DateTime(timezone=True)))
_statistics = table(
    "pgqueuer_statistics", column("id", BigInteger), column("created", DateTime(timezone=True))
)


@dataclass(frozen=True, slots=True)
class Times:
    """For how long what is over is kept, and what else decides that."""

    grace: timedelta
    refresh_token_ttl: timedelta
    read_notifications: timedelta | None


async def of_uploads(tx: Writing, times: Times) -> int:
    """Uploads that became nothing in time, with whatever arrived.

    One that became something leads a client that repeats itself there, by its idempotency key, and
    goes together with that.
    """
    over = and_(~uploads.c.is_kept, _before(uploads.c.publish_until, times.grace))
    has_purpose = and_(uploads.c.idempotency_key.is_not(None), is_used())
    some = select(uploads.c.id).where(over).order_by(uploads.c.publish_until).limit(BATCH)
    chosen = await values(tx, some.with_for_update(skip_locked=True))
    among = uploads.c.id.in_(chosen)
    kept = update(uploads).where(among, has_purpose).values(is_kept=True)
    kept_count = (await tx.execute(kept)).rowcount if chosen else 0
    gone = delete(uploads).where(among, ~has_purpose).returning(uploads.c.staging_key)
    staged = await values(tx, gone) if chosen else []
    await _remove(tx, staged)
    return kept_count + len(staged)


async def of_exports(tx: Writing, times: Times) -> int:
    """Exports whose time is over; the file is mostly gone by then."""
    over = _before(exports.c.expires_at, times.grace)
    tokens = await _deleted(tx, exports, exports.c.user_id, over, exports.c.token)
    await _remove(tx, [export_keys.key(token) for token in tokens])
    return len(tokens)


async def of_replaced_variants(tx: Writing, _times: Times) -> int:
    """Variants that no page points to any more."""
    key = replaced_variants.c.key
    over = replaced_variants.c.removable_at < func.now()
    keys = await _deleted(tx, replaced_variants, key, over, key)
    await _remove(tx, keys)
    return len(keys)


async def of_sessions(tx: Writing, times: Times) -> int:
    """Sessions that ended or ran out, with their tokens: those are refused either way.

    One that ran out vouches for its device a while longer.
    """
    ran_out = and_(
        _before(sessions.c.expires_at, times.grace), _before(sessions.c.created_at, KNOWN_FOR)
    )
    over = or_(_before(sessions.c.ended_at, times.grace), ran_out)
    return len(await _deleted(tx, sessions, sessions.c.id, over))


async def of_refresh_tokens(tx: Writing, times: Times) -> int:
    """Used tokens that would have run out unused, too; until then using them again is noticed."""
    token = refresh_tokens.c.token_hash
    is_old = _before(refresh_tokens.c.created_at, times.refresh_token_ttl + times.grace)
    over = and_(is_old, refresh_tokens.c.used_at.is_not(None))
    return len(await _deleted(tx, refresh_tokens, token, over))


async def of_former_usernames(tx: Writing, times: Times) -> int:
    """Names given up so long ago that anybody may have them."""
    over = _before(former_usernames.c.given_up_at, HELD + times.grace)
    return len(await _deleted(tx, former_usernames, former_usernames.c.id, over))


async def of_notifications(tx: Writing, times: Times) -> int:
    """Notifications that were read long ago, where that is wished."""
    if times.read_notifications is None:
        return 0
    over = _before(notifications.c.read_at, times.read_notifications)
    return len(await _deleted(tx, notifications, notifications.c.id, over))


async def of_idempotency_keys(tx: Writing, times: Times) -> int:
    """Answers that are not given again."""
    before = await _moment(tx, idempotency.KEPT + times.grace)
    return await idempotency.forget_old(tx, before, BATCH)


async def of_attempts(tx: Writing, _times: Times) -> int:
    """Counts of attempts that no window reaches back to."""
    return await attempts.forget_old(tx, await _moment(tx, TRIED), BATCH)


async def of_mails(tx: Writing, _times: Times) -> int:
    """Mails that were asked for long ago, with their codes."""
    return await mails.forget_old(tx, await _moment(tx, MAILED), BATCH)


async def of_job_log(tx: Writing, _times: Times) -> int:
    """What PgQueuer noted about jobs of long ago."""
    return len(await _deleted(tx, _log, _log.c.id, _before(_log.c.created, LOGGED)))


async def of_job_statistics(tx: Writing, _times: Times) -> int:
    """What PgQueuer counted long ago."""
    # Only the ids have an index, and they grow with time.
    oldest = select(_statistics).order_by(_statistics.c.id).limit(BATCH).subquery()
    over = select(oldest.c.id).where(_before(oldest.c.created, COUNTED))
    gone = delete(_statistics).where(_statistics.c.id.in_(over))
    return (await tx.execute(gone)).rowcount


async def of_sweeps(tx: Writing, _times: Times) -> int:
    """Walks through the bucket of long ago."""
    over = _before(sweeps.c.finished_at, TOLD_OF)
    return len(await _deleted(tx, sweeps, sweeps.c.id, over))


async def of_regenerations(tx: Writing, _times: Times) -> int:
    """Regenerations of long ago, with what they could not make."""
    over = _before(regenerations.c.ended_at, TOLD_OF)
    return len(await _deleted(tx, regenerations, regenerations.c.id, over))


Removal = Callable[[Writing, Times], Awaitable[int]]
KINDS: Final[Mapping[str, Removal]] = MappingProxyType(
    {
        "uploads": of_uploads,
        "exports": of_exports,
        "replaced variants": of_replaced_variants,
        "sessions": of_sessions,
        "refresh tokens": of_refresh_tokens,
        "former usernames": of_former_usernames,
        "notifications": of_notifications,
        "idempotency keys": of_idempotency_keys,
        "attempts": of_attempts,
        "mails": of_mails,
        "job log": of_job_log,
        "job statistics": of_job_statistics,
        "sweeps": of_sweeps,
        "regenerations": of_regenerations,
    }
)


def _before(moment: ColumnElement[Any], ago: timedelta) -> ColumnElement[bool]:
    return moment < func.now() - literal(ago)


async def _moment(tx: Writing, ago: timedelta) -> Any:
    return (await values(tx, select(func.now() - literal(ago))))[0]


async def _remove(tx: Writing, keys: Sequence[str]) -> None:
    if keys:
        await jobs.remove_objects(tx, keys)


async def _deleted(
    tx: Writing,
    of: FromClause,
    key: ColumnElement[Any],
    over: ColumnElement[bool],
    returned: ColumnElement[Any] | None = None,
) -> list[Any]:
    """What is *returned* of some rows for which *over* is true, once they are deleted."""
    # Whoever has a row now may be using it; it will still be over the next time.
    some = select(key).where(over).limit(BATCH).with_for_update(skip_locked=True)
    gone = delete(of).where(key.in_(some.scalar_subquery()), over)  # type: ignore[arg-type] # TableClause.
    return list(await values(tx, gone.returning(key if returned is None else returned)))
