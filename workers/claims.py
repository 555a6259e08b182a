"""What PgQueuer says about jobs, said so that it counts only while they are still ours.

PgQueuer ends or retries a job by its number, whoever has it by then: a worker that froze, and was
given up meanwhile, would take the job away from the one that has it now. Every claim sets the
job's time of change, so here that time is a part of what is said.
"""

from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

import asyncpg
import structlog
from pgqueuer.adapters.persistence.queries import Queries
from pgqueuer.adapters.persistence.query_helpers import cell
from pgqueuer.domain.models import Job, TracebackRecord
from pgqueuer.domain.types import JOB_STATUS, JobId, QueueEntrypoint, QueueManagerId
from pgqueuer.ports.repository import EntrypointExecutionParameter

log = structlog.get_logger("claims")

# What the way to the database breaks by; the last where a statement meets a connection that the
# server is ending.
BROKEN: Final = (
    OSError,
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
)

_SAY: Final = """
with said as (
    select * from unnest(
        $1::bigint[], $2::timestamptz[], $3::pgqueuer_status[], $4::interval[], $5::jsonb[]
    ) as said (id, claimed_at, status, delay, traceback)
), ended as (
    delete from pgqueuer as job using said
    where job.id = said.id and job.updated = said.claimed_at and job.status = 'picked'
        and said.status not in ('queued', 'failed')
    returning job.id, job.entrypoint, job.priority
), kept as (
    update pgqueuer as job
    set status = said.status, updated = now(), queue_manager_id = null, slot = null,
        execute_after = now() + said.delay,
        attempts = attempts + case said.status when 'queued' then 1 else 0 end
    from said
    where job.id = said.id and job.updated = said.claimed_at and job.status = 'picked'
        and said.status in ('queued', 'failed')
    returning job.id, job.entrypoint, job.priority
)
insert into pgqueuer_log (job_id, status, entrypoint, priority, traceback)
select found.id, said.status, found.entrypoint, found.priority, said.traceback
from said join (select * from ended union all select * from kept) as found using (id)
"""

_BEAT: Final = """
update pgqueuer set heartbeat = now()
where id = any($1::bigint[]) and queue_manager_id = $2 and status = 'picked'
"""

# The log knows of every claim and every report, and what comes without a traceback is new.
_PAST: Final = """
with present as (
    select id, created, status, traceback from pgqueuer_log where job_id = $1
), begun as (
    select max(id) as id from present where status = 'queued' and traceback is null
)
select
    (
        select count(*) from present where status = 'picked'
            and id > coalesce((select max(id) from present where status = 'queued'), 0)
    ) as claims,
    (
        select count(*) from present where traceback->>'exception_type' = $2
            and id > coalesce((select id from begun), 0)
    ) as failures
"""


@dataclass(frozen=True, slots=True)
class Past:
    """How often a job was claimed since somebody last said what became of it, and how it failed."""

    claims: int
    failures: int


@dataclass(frozen=True, slots=True)
class Report:
    """What became of a claim."""

    job: Job
    status: JOB_STATUS
    delay: timedelta
    traceback: TracebackRecord | None


@dataclass
class Claims(Queries):
    """PgQueuer's statements over one connection.

    Reports that the database did not take are kept in *unsaid*, and said again before the next
    claim, here or over another connection.
    """

    unsaid: list[Report] = field(default_factory=list)
    # Called when the way to the database broke.
    lose: Callable[[], None] = lambda: None
    _holder: QueueManagerId | None = None

    async def dequeue(
        self,
        batch_size: int,
        entrypoints: dict[QueueEntrypoint, EntrypointExecutionParameter],
        queue_manager_id: QueueManagerId,
        global_concurrency_limit: int | None,
        heartbeat_timeout: timedelta,
    ) -> list[Job]:
        """Claim jobs for *queue_manager_id*."""
        self._holder = queue_manager_id
        try:
            await self._say()
            return await super().dequeue(
                batch_size,
                entrypoints,
                queue_manager_id,
                global_concurrency_limit,
                heartbeat_timeout,
            )
        except BROKEN:
            self.lose()
            raise

    async def log_jobs(
        self, job_status: list[tuple[Job, JOB_STATUS, TracebackRecord | None]]
    ) -> None:
        """Say how jobs ended; later, where the database cannot be told now."""
        # Nobody cancels jobs here. One whose task was cancelled is not done: it keeps its place
        # until its heartbeat is too old.
        ended = [each for each in job_status if each[1] != "canceled"]
        await self._report(
            Report(job, status, timedelta(), traceback) for job, status, traceback in ended
        )

    async def retry_job(
        self, job: Job, delay: timedelta, traceback_record: TracebackRecord | None
    ) -> None:
        """Have a job tried again; said later, where the database cannot be told now."""
        await self._report([Report(job, "queued", delay, traceback_record)])

    async def update_heartbeat(self, job_ids: list[JobId]) -> None:
        """Say that those of the jobs live that are still ours."""
        await self.driver.execute(_BEAT, list(set(job_ids)), self._holder)

    async def past(self, job: Job, failure: type[Exception]) -> Past:
        """What the log knows of a job that is claimed."""
        [row] = await self.driver.fetch(_PAST, job.id, failure.__name__)
        return Past(cell(row, "claims", int), cell(row, "failures", int))

    async def _report(self, reports: Iterable[Report]) -> None:
        self.unsaid.extend(reports)
        try:
            await self._say()
        except BROKEN as error:
            log.warning("reports wait for the database", reports=len(self.unsaid), error=str(error))

    async def _say(self) -> None:
        """Say what is unsaid; saying it twice changes nothing, for by then the claim is over."""
        reports = self.unsaid[:]
        if not reports:
            return
        await self.driver.execute(
            _SAY,
            [report.job.id for report in reports],
            [report.job.updated for report in reports],
            [report.status for report in reports],
            [report.delay for report in reports],
            [report.traceback and report.traceback.model_dump_json() for report in reports],
        )
        for report in reports:
            with suppress(ValueError):
                # Somebody else may have said it at the same time.
                self.unsaid.remove(report)
