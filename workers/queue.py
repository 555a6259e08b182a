"""Runs jobs from PgQueuer for as long as the process lives.

PgQueuer by itself knows neither crashes nor late comers. Both are closed in our own rows: a
handler counts its attempt before it works, and may finish only while that attempt is the newest
(storage/variants.py).
"""

import asyncio
import contextlib
import random
from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta
from typing import Final

import asyncpg
import structlog
from pgqueuer.adapters.drivers.asyncpg import AsyncpgDriver
from pgqueuer.adapters.persistence.queries import Queries
from pgqueuer.core.qm import QueueManager
from pgqueuer.domain.errors import FailingListenerError, RetryRequested
from pgqueuer.domain.models import Job

from workers.outcomes import Outcome

log = structlog.get_logger("queue")

Handler = Callable[[bytes | None], Awaitable[Outcome]]

# A job whose worker fell silent is given to another after this long.
HEARTBEAT_TIMEOUT: Final = timedelta(seconds=20)
# How often to look without having been told; a listening connection can die in silence.
POLL: Final = timedelta(seconds=5)
FIRST_DELAY_S: Final = 1.0
LONGEST_DELAY_S: Final = 300.0
LONGEST_RECONNECT_S: Final = 5.0


class Queue:
    """Gives each job to the handler of its kind, *concurrency* at a time."""

    def __init__(self, url: str, handlers: Mapping[str, Handler], *, concurrency: int) -> None:
        self._url = url
        self._handlers = handlers
        self._concurrency = concurrency
        self._leaving = asyncio.Event()
        self._handing_back = asyncio.Event()
        self._running: QueueManager | None = None

    def leave(self) -> None:
        """Take no more jobs; `run` returns when the running ones are finished."""
        self._leaving.set()
        if self._running is not None:
            self._running.shutdown.set()

    def hand_back(self) -> None:
        """Break off the running jobs, for another worker to begin anew."""
        self.leave()
        self._handing_back.set()

    async def run(self) -> None:
        """Work until told to leave; a lost database connection is opened again."""
        delay_s = FIRST_DELAY_S
        while not self._leaving.is_set():
            try:
                await self._connected()
                delay_s = FIRST_DELAY_S
            except (
                OSError,
                asyncpg.PostgresError,
                asyncpg.InterfaceError,
                FailingListenerError,
            ) as error:
                log.warning("queue lost its connection", error=str(error), again_in_s=delay_s)
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._leaving.wait(), delay_s)
                delay_s = min(delay_s * 2, LONGEST_RECONNECT_S)

    async def _connected(self) -> None:
        connection = await asyncpg.connect(
            self._url,
            timeout=5,
            command_timeout=10,
            server_settings={"application_name": "picshare-queue"},
        )
        try:
            manager = QueueManager(Queries(AsyncpgDriver(connection)))
            for kind, handler in self._handlers.items():
                manager.entrypoint(kind, on_failure="hold", accepts_context=False)(
                    self._run_by(handler)
                )
            self._running = manager
            if self._leaving.is_set():
                return
            await manager.run(
                dequeue_timeout=POLL,
                batch_size=1,
                max_concurrent_tasks=max(2, self._concurrency),
                shutdown_on_listener_failure=True,
                heartbeat_timeout=HEARTBEAT_TIMEOUT,
            )
        finally:
            self._running = None
            connection.terminate()

    def _run_by(self, handler: Handler) -> Callable[[Job], Awaitable[None]]:
        async def run(job: Job) -> None:
            try:
                outcome = await self._unless_handed_back(handler, job)
            except RetryRequested:
                raise
            except Exception:
                # A bug, or a machine at its end: the job is kept, and its own count of crashes
                # ends it when this happens again and again.
                log.exception("job failed", kind=job.entrypoint, job=job.id)
                outcome = Outcome.AGAIN
            log.info("job", kind=job.entrypoint, job=job.id, outcome=str(outcome))
            if outcome is Outcome.AGAIN:
                raise RetryRequested(delay=_delay(job.attempts), reason=str(outcome))

        return run

    async def _unless_handed_back(self, handler: Handler, job: Job) -> Outcome:
        work = asyncio.ensure_future(handler(job.payload))
        handing_back = asyncio.create_task(self._handing_back.wait())
        try:
            await asyncio.wait((work, handing_back), return_when=asyncio.FIRST_COMPLETED)
        finally:
            handing_back.cancel()
        if work.done():
            return work.result()
        work.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await work
        raise RetryRequested(reason="handed back")


def _delay(attempts: int) -> timedelta:
    """Doubles with each attempt up to five minutes, spread by a quarter either way."""
    seconds = min(FIRST_DELAY_S * 2**attempts, LONGEST_DELAY_S)
    return timedelta(seconds=seconds * random.uniform(0.75, 1.25))  # noqa: S311 - No secret.
