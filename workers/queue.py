"""Runs jobs from PgQueuer for as long as the process lives.

PgQueuer by itself knows neither crashes nor late comers. Late comers are kept from changing
anything twice over: a report counts only for the claim it is about (workers/claims.py), and a
handler finishes only while its attempt is the newest (storage/variants.py). Crashes are counted
before each run, from PgQueuer's own log; what ran when a worker died, twice in a row, runs alone
the next time, so that the one that killed it is not the end of those that ran beside it.
"""

import asyncio
import contextlib
import random
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final, TypeVar

import asyncpg
import structlog
from pgqueuer.adapters.drivers.asyncpg import AsyncpgDriver
from pgqueuer.core.qm import QueueManager
from pgqueuer.domain.errors import FailingListenerError, RetryRequested
from pgqueuer.domain.models import Job

from storage.jobs import Unreadable
from workers.claims import BROKEN, Claims, Past, Report
from workers.floor import Floor, Taken
from workers.outcomes import Outcome

log = structlog.get_logger("queue")

Answer = TypeVar("Answer")
Handler = Callable[[bytes | None], Coroutine[Any, Any, Outcome]]

# A job whose worker fell silent is given to another after this long.
HEARTBEAT_TIMEOUT: Final = timedelta(seconds=20)
# How often to look without having been told; a listening connection can die in silence.
POLL: Final = timedelta(seconds=3)
FIRST_DELAY_S: Final = 1.0
LONGEST_DELAY_S: Final = 300.0
FIRST_RECONNECT_S: Final = 0.5
LONGEST_RECONNECT_S: Final = 3.0
# How long jobs may go on without a connection that keeps them ours; less than a heartbeat's time.
LOST_GRACE_S: Final = 10.0
# How long a job may take to end once it is broken off.
END_S: Final = 10.0
USUAL: Final = timedelta(minutes=10)
# A job is given up that took so many workers with it, or failed in ways nobody foresaw so often.
MAX_CRASHES: Final = 3
# What has last words counts the beginnings of its attempts by itself, which is fairer: a claim
# that waits for its place when the worker dies is no attempt. This is for those never begun.
MAX_CLAIMS: Final = 9
MAX_FAILURES: Final = 8
# Who ran beside a worker's end once is mostly innocent, and not worth a place of its own.
ABOVE_SUSPICION: Final = 2


@dataclass(frozen=True, slots=True)
class Kind:
    """How jobs of a kind are done, for how long at most, and what is to be said when they are not.

    A job that is given up and has no *last_words* is kept for somebody to look at.
    """

    handler: Handler
    at_most: timedelta = USUAL
    last_words: Handler | None = None

    @property
    def is_long(self) -> bool:
        """Whether it is too long for anybody to wait for its end."""
        return self.at_most > USUAL


class Failed(RetryRequested):
    """The handler failed in a way that nobody foresaw; these are counted by this name."""


class GivenUp(Exception):
    """The job is not tried again unless somebody asks for it."""


class Queue:
    """Gives each job to the handler of its kind, *concurrency* at a time, but at least two."""

    def __init__(
        self,
        url: str,
        kinds: Mapping[str, Kind],
        *,
        concurrency: int,
        name: str = "picshare-queue",
        floor: Floor | None = None,
    ) -> None:
        self._url = url
        self._kinds = kinds
        self._concurrency = max(2, concurrency)
        self._name = name
        # All queues of a process stand on one.
        self._floor = floor or Floor()
        self._leaving = asyncio.Event()
        self._is_handing_back = False
        # Set when the running jobs are to be broken off; one for each connection.
        self._breaking_off = asyncio.Event()
        self._running: QueueManager | None = None
        self._is_reached = False
        self._unsaid: list[Report] = []

    def leave(self) -> None:
        """Take no more jobs; `run` returns when the running ones are finished."""
        self._leaving.set()
        if self._running is not None:
            self._running.shutdown.set()

    def hand_back(self) -> None:
        """Break off the running jobs, for another worker to begin anew."""
        self.leave()
        self._is_handing_back = True
        self._breaking_off.set()

    async def run(self) -> None:
        """Work until told to leave; a lost database connection is opened again."""
        delay_s = FIRST_RECONNECT_S
        while not self._leaving.is_set():
            self._is_reached = False
            try:
                await self._connected()
            except (*BROKEN, FailingListenerError) as error:
                log.warning("queue lost its connection", error=str(error))
            except Exception:
                # Whatever it is, the other jobs must go on.
                log.exception("queue broke")
            else:
                return
            delay_s = FIRST_RECONNECT_S if self._is_reached else delay_s
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._leaving.wait(), delay_s * _spread())
            delay_s = min(delay_s * 2, LONGEST_RECONNECT_S)

    async def _connected(self) -> None:
        connection = await asyncpg.connect(
            self._url,
            timeout=5,
            command_timeout=10,
            server_settings={"application_name": self._name},
        )
        breaking_off = self._breaking_off = asyncio.Event()
        if self._is_handing_back:
            breaking_off.set()
        claims = Claims(AsyncpgDriver(connection), unsaid=self._unsaid, lose=connection.terminate)
        try:
            manager = QueueManager(claims)
            for name, kind in self._kinds.items():
                run = _Run(claims, kind, breaking_off, self._floor)
                manager.entrypoint(name, on_failure="hold", accepts_context=False)(run.once)
            self._running = manager
            if self._leaving.is_set():
                return
            _end_with(connection, manager, breaking_off)
            await self._managed(manager)
            if not self._leaving.is_set():
                raise ConnectionResetError("the connection was closed")
        finally:
            self._running = None
            connection.terminate()

    async def _managed(self, manager: QueueManager) -> None:
        self._is_reached = True
        await manager.run(
            dequeue_timeout=POLL,
            batch_size=1,
            max_concurrent_tasks=self._concurrency,
            shutdown_on_listener_failure=True,
            heartbeat_timeout=HEARTBEAT_TIMEOUT,
        )


@dataclass(frozen=True, slots=True)
class _Run:
    """Runs jobs of one kind, claimed over one connection."""

    claims: Claims
    kind: Kind
    breaking_off: asyncio.Event
    floor: Floor

    async def once(self, job: Job) -> None:
        past = await self._past(job)
        if past.claims > (MAX_CLAIMS if self.kind.last_words else MAX_CRASHES):
            await self._give_up(job, f"its worker died {past.claims - 1} times in a row")
            return
        try:
            outcome = await self._in_place(job, is_suspect=past.claims > ABOVE_SUSPICION)
        except RetryRequested:
            raise
        except Taken:
            # Nothing was begun, so nothing is held against it.
            raise RetryRequested(delay=delay(0), reason="it is to run alone") from None
        except Unreadable as error:
            await self._give_up(job, str(error))
        except Exception as error:
            log.exception("job failed", kind=job.entrypoint, job=job.id)
            await self._failed(job, past, f"{type(error).__name__}: {error}")
        else:
            log.info("job", kind=job.entrypoint, job=job.id, outcome=str(outcome))
            if outcome is Outcome.AGAIN:
                raise RetryRequested(delay=delay(job.attempts), reason=str(outcome))

    async def _past(self, job: Job) -> Past:
        try:
            return await self.claims.past(job, Failed)
        except BROKEN as error:
            # Said to nobody by now, and said again over the next connection.
            raise RetryRequested(delay=delay(0), reason="the connection was lost") from error

    async def _failed(self, job: Job, past: Past, why: str) -> None:
        if past.failures + 1 >= MAX_FAILURES:
            await self._give_up(job, f"it failed {past.failures + 1} times; {why}")
            return
        raise Failed(delay=delay(job.attempts), reason=why)

    async def _give_up(self, job: Job, why: str) -> None:
        log.error("job given up", kind=job.entrypoint, job=job.id, why=why)
        if self.kind.last_words is None:
            raise GivenUp(why)
        try:
            outcome = await asyncio.wait_for(self.kind.last_words(job.payload), END_S)
        except Exception as error:
            raise GivenUp(f"{why}; {type(error).__name__}: {error}") from error
        if outcome is Outcome.AGAIN:
            raise RetryRequested(delay=delay(job.attempts), reason=why)

    async def _in_place(self, job: Job, *, is_suspect: bool) -> Outcome:
        if self.kind.is_long:
            return await self._unless_broken_off(self.kind.handler(job.payload))
        return await self._unless_broken_off(self._on_floor(job, alone=is_suspect))

    async def _on_floor(self, job: Job, *, alone: bool) -> Outcome:
        await self.floor.enter(alone=alone)
        try:
            return await self.kind.handler(job.payload)
        finally:
            self.floor.leave(alone=alone)

    async def _unless_broken_off(self, asked: Coroutine[Any, Any, Answer]) -> Answer:
        work = asyncio.ensure_future(asked)
        breaking_off = asyncio.create_task(self.breaking_off.wait())
        at_most_s = self.kind.at_most.total_seconds()
        try:
            await asyncio.wait(
                (work, breaking_off), timeout=at_most_s, return_when=asyncio.FIRST_COMPLETED
            )
        except asyncio.CancelledError:
            # It holds a place that others wait for.
            work.cancel()
            raise
        finally:
            breaking_off.cancel()
        if work.done():
            return work.result()
        work.cancel()
        await asyncio.wait((work,), timeout=END_S)
        if work.done() and not work.cancelled():
            return work.result()
        if self.breaking_off.is_set():
            raise RetryRequested(reason="handed back")
        raise TimeoutError(f"it did not end within {at_most_s:.0f} s")


def _end_with(
    connection: "asyncpg.Connection[asyncpg.Record]",
    manager: QueueManager,
    breaking_off: asyncio.Event,
) -> None:
    """Have the manager end when the connection does, its jobs a little later."""
    loop = asyncio.get_running_loop()

    def lost(_: object) -> None:
        manager.shutdown.set()
        loop.call_later(LOST_GRACE_S, breaking_off.set)

    connection.add_termination_listener(lost)


def delay(attempts: int) -> timedelta:
    """Doubles with each attempt up to five minutes, spread by a quarter either way."""
    # The bound keeps the power within what a float can hold.
    seconds = min(FIRST_DELAY_S * 2 ** min(attempts, 30), LONGEST_DELAY_S)
    return timedelta(seconds=seconds * _spread())


def _spread() -> float:
    return random.uniform(0.75, 1.25)  # noqa: S311 - No secret.
