"""Wakes those in this process who wait for something that any process may have changed."""

import asyncio
import contextlib
import random
from collections import defaultdict
from collections.abc import AsyncIterator, Iterator
from contextvars import Context
from typing import Final

import asyncpg
import structlog

from storage.events import CHANNEL

log = structlog.get_logger("hub")

CONNECT_TIMEOUT_S: Final = 5.0
# How often everybody is woken without a word, and the connection is tried.
POLL_S: Final = 5.0
FIRST_DELAY_S: Final = 0.1
LONGEST_DELAY_S: Final = 5.0
# Everybody reads when woken: not all at the same time.
WOKEN_AT_ONCE: Final = 50
BETWEEN_S: Final = 0.02
TURNS: Final = 6


class Wakeup:
    """Remembers that it was woken until somebody waits for it."""

    def __init__(self) -> None:
        self._woken = asyncio.Event()

    def wake(self) -> None:
        """End the wait of now, or the next one."""
        self._woken.set()

    async def wait(self) -> None:
        """Return when it was woken since the last time."""
        await self._woken.wait()
        self._woken.clear()


class Hub:
    """One listening connection to PostgreSQL, from the first subscriber until `close`."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._waiting: defaultdict[str, set[Wakeup]] = defaultdict(set)
        self._turns = asyncio.Semaphore(TURNS)
        self._tasks: list[asyncio.Task[None]] = []

    @contextlib.contextmanager
    def subscribe(self, topic: str) -> Iterator[Wakeup]:
        """A wake-up for each time that the topic is heard of, and some more."""
        if not self._tasks:
            # They outlive the operation that happens to start them, and tell nothing of it.
            self._tasks = [
                asyncio.create_task(forever, context=Context())
                for forever in (self._listen(), self._poll())
            ]
        wakeup = Wakeup()
        self._waiting[topic].add(wakeup)
        try:
            yield wakeup
        finally:
            self._waiting[topic].discard(wakeup)
            if not self._waiting[topic]:
                del self._waiting[topic]

    def turn(self) -> contextlib.AbstractAsyncContextManager[None]:
        """A place at reading, as soon as one is free."""
        return self._turns

    async def close(self) -> None:
        """Stop listening."""
        tasks, self._tasks = self._tasks, []
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _listen(self) -> None:
        """Hear what other processes tell; a lost connection is opened again."""
        delay_s = FIRST_DELAY_S
        while True:
            try:
                async with _connection(self._url) as (connection, lost):
                    await connection.add_listener(CHANNEL, self._heard)
                    delay_s = FIRST_DELAY_S
                    await self._wake_everybody()
                    await _hold(connection, lost)
            except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
                log.warning("the listener cannot connect", error=str(error), again_in_s=delay_s)
            await asyncio.sleep(delay_s * random.uniform(0.5, 1.0))  # noqa: S311 - No secret.
            delay_s = min(delay_s * 2, LONGEST_DELAY_S)

    def _heard(self, _connection: object, _pid: int, _channel: str, topic: object) -> None:
        for wakeup in self._waiting.get(str(topic), ()):
            wakeup.wake()

    async def _poll(self) -> None:
        while True:
            await asyncio.sleep(POLL_S)
            await self._wake_everybody()

    async def _wake_everybody(self) -> None:
        everybody = [wakeup for waiting in self._waiting.values() for wakeup in waiting]
        for place in range(0, len(everybody), WOKEN_AT_ONCE):
            for wakeup in everybody[place : place + WOKEN_AT_ONCE]:
                wakeup.wake()
            await asyncio.sleep(BETWEEN_S)


@contextlib.asynccontextmanager
async def _connection(
    url: str,
) -> AsyncIterator[tuple["asyncpg.Connection[asyncpg.Record]", asyncio.Event]]:
    """A connection of its own, and what is set when it is lost."""
    connection = await asyncpg.connect(
        url,
        timeout=CONNECT_TIMEOUT_S,
        command_timeout=CONNECT_TIMEOUT_S,
        server_settings={"application_name": "picshare-listener"},
    )
    lost = asyncio.Event()
    connection.add_termination_listener(lambda _: lost.set())
    try:
        yield connection, lost
    finally:
        connection.terminate()


async def _hold(connection: "asyncpg.Connection[asyncpg.Record]", lost: asyncio.Event) -> None:
    """Return when the connection is lost; one that died in silence does not answer any more."""
    while not lost.is_set():
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(lost.wait(), POLL_S)
        if not lost.is_set():
            await connection.execute("select 1")
    log.warning("the listener lost its connection")
