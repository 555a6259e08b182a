"""What was tried until there was no hope: kept, to be looked at and tried again.

Photos say so themselves, to their owners; of everything else the job is kept.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.database import Writing, fetch, values
from storage.rows import PhotoId, UserId

_JOBS = text(
    """
    select job.id, job.entrypoint, job.created, job.updated, users.username,
        coalesce(said.traceback->>'exception_message', '')
    from pgqueuer as job
    cross join lateral (
        select case octet_length(job.payload) when 16 then encode(job.payload, 'hex')::uuid end
    ) as about (id)
    left join photos on photos.id = about.id
    left join avatars on avatars.id = about.id
    left join mails on mails.id = about.id
    left join users
        on users.id = coalesce(photos.owner_id, avatars.user_id, mails.user_id, about.id)
    left join lateral (
        select traceback from pgqueuer_log
        where job_id = job.id and status = 'failed' order by created desc limit 1
    ) as said on true
    where job.status = 'failed'
    order by job.updated desc, job.id desc
    limit :most
    """
)

_PHOTOS = text(
    """
    select photos.id, photos.owner_id, users.username, photos.created_at, photos.failure_message
    from photos join users on users.id = photos.owner_id
    where photos.status = 'FAILED' and photos.failure_code = 'PROCESSING_ERROR'
    order by photos.created_at desc, photos.id desc
    limit :most
    """
)

_AGAIN = text(
    """
    with again as (
        update pgqueuer
        set status = 'queued', execute_after = now(), updated = now(), attempts = 0,
            -- The next of its kind may wait already.
            dedupe_key = null
        where status = 'failed' and (cast(:ids as bigint[]) is null or id = any(:ids))
        returning id, entrypoint, priority
    ), told as (
        insert into pgqueuer_log (job_id, status, entrypoint, priority)
        select id, 'queued', entrypoint, priority from again
    )
    select id from again
    """
)


@dataclass(frozen=True, slots=True)
class JobRow:
    """A job that is kept, when it came and was given up, whom it is about, and what was last."""

    id: int
    kind: str
    created_at: datetime
    given_up_at: datetime
    username: str | None
    error: str


@dataclass(frozen=True, slots=True)
class PhotoGivenUp:
    """A photo that could not be processed through no fault of its own, as far as is known."""

    id: PhotoId
    owner_id: UserId
    username: str
    created_at: datetime
    message: str


async def jobs(connection: AsyncConnection, most: int) -> list[JobRow]:
    """The jobs that were given up, the latest first."""
    return await fetch(connection, _JOBS.bindparams(most=most), JobRow)


async def photos(connection: AsyncConnection, most: int) -> list[PhotoGivenUp]:
    """The photos that were given up, the newest first."""
    return await fetch(connection, _PHOTOS.bindparams(most=most), PhotoGivenUp)


async def try_again(tx: Writing, ids: Sequence[int] | None = None) -> list[int]:
    """Have jobs tried again as if they were new, all of them by default; those that are."""
    return [*await values(tx, _AGAIN.bindparams(ids=None if ids is None else [*ids]))]
