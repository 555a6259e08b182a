"""Where buckets are kept: in this process, in PostgreSQL, or in Redis."""

import asyncio
import math
from collections import OrderedDict
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from time import monotonic
from typing import Any, Final, Protocol, TypeAlias, TypeVar

import structlog

from server.together import Together
from storage import rates
from storage.database import Database, Writing
from storage.rates import Grant, Wish
from storage.reached import Unavailable

log = structlog.get_logger("rates")

# A bucket that cannot be asked for so long must not hold up requests.
PATIENCE_S: Final = 0.5
ALONE_S: Final = 5.0
MOST: Final = 50_000


@dataclass(slots=True)
class Policy:
    """A bucket's size, and how fast it fills."""

    name: str
    points: int
    per_s: float
    span_s: float = field(init=False)
    """How long an empty one takes to be full."""
    written: str = field(init=False)
    """As an answer says it; source: draft-ietf-httpapi-ratelimit-headers-10."""

    def __post_init__(self) -> None:
        self.span_s = self.points / self.per_s
        self.written = f'"{self.name}";q={self.points};w={math.ceil(self.span_s)}'


Answer = TypeVar("Answer")
# A bucket, and what is to be taken out of it.
Asked: TypeAlias = tuple[bytes, Policy, Wish]


class Buckets(Protocol):
    """Takes out of buckets, whoever else does so at the same time.

    Whatever is asked raises Unavailable rather than to keep anybody waiting.
    """

    async def take(self, key: bytes, policy: Policy, wish: Wish) -> Grant: ...

    async def take_each(self, asked: Sequence[Asked]) -> list[Grant]:
        """The same for several buckets, each of them named once."""
        ...

    async def sweep(self) -> None:
        """Drop what is worth nothing."""
        ...

    async def close(self) -> None: ...


class InMemory:
    """Buckets of one process."""

    def __init__(self, clock: Callable[[], float] = monotonic, most: int = MOST) -> None:
        self._clock = clock
        self._most = most
        self._full_at: OrderedDict[bytes, float] = OrderedDict()

    async def take(self, key: bytes, policy: Policy, wish: Wish) -> Grant:
        """Take what is wanted but no large part of what is left, the least, or nothing."""
        now = self._clock()
        full_at = max(self._full_at.get(key, now) - wish.back_s, now)
        spare_s = policy.span_s - (full_at - now)
        taken_s = (
            max(wish.least_s, min(wish.wanted_s, spare_s / 8)) if spare_s >= wish.least_s else 0.0
        )
        self._full_at[key] = full_at + taken_s
        self._full_at.move_to_end(key)
        if len(self._full_at) > self._most:
            self._full_at.popitem(last=False)
        return Grant(taken_s, full_at + taken_s - now)

    async def take_each(self, asked: Sequence[Asked]) -> list[Grant]:
        """Take out of several."""
        return [await self.take(*one) for one in asked]

    async def sweep(self) -> None:
        """Drop the buckets that are full."""
        now = self._clock()
        for key in [key for key, full_at in self._full_at.items() if full_at <= now]:
            del self._full_at[key]

    async def close(self) -> None:
        """Nothing is open."""


class InPostgres:
    """Buckets of all processes, on connections that requests cannot use up."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._together = Together(self._take)

    async def take(self, key: bytes, policy: Policy, wish: Wish) -> Grant:
        """See `storage.rates.take`; those who ask at the same time share a statement."""
        return await self._together.ask((key, policy, wish))

    async def take_each(self, asked: Sequence[Asked]) -> list[Grant]:
        """The same by one statement."""
        wishes = {key: (policy.span_s, wish) for key, policy, wish in asked}
        async with _in_time(), self._database.reading() as way:
            granted = await rates.take(way, wishes)
        return [granted[key] for key, _, _ in asked]

    async def sweep(self) -> None:
        """Drop the buckets that are full."""
        async with _in_time(), self._database.connect() as connection:
            await rates.sweep(Writing(connection))

    async def close(self) -> None:
        """Close the connections."""
        await self._database.close()

    async def _take(self, asked: Sequence[Asked]) -> list[Grant]:
        if len({key for key, _, _ in asked}) < len(asked):
            # A bucket grants one wish after the other.
            return [grant for one in asked for grant in await self.take_each([one])]
        return await self.take_each(asked)


@asynccontextmanager
async def _in_time() -> AsyncIterator[None]:
    try:
        async with asyncio.timeout(PATIENCE_S):
            yield
    except TimeoutError:
        raise Unavailable("the database did not answer in time") from None


class Fallback:
    """Buckets that are kept here alone while they cannot be reached where they are shared."""

    def __init__(self, shared: Buckets, clock: Callable[[], float] = monotonic) -> None:
        self._shared = shared
        self._clock = clock
        self._alone = InMemory(clock)
        self._alone_until = 0.0

    async def take(self, key: bytes, policy: Policy, wish: Wish) -> Grant:
        """Take, in time."""
        return await self._asked(lambda buckets: buckets.take(key, policy, wish))

    async def take_each(self, asked: Sequence[Asked]) -> list[Grant]:
        """Take out of several, in time."""
        return await self._asked(lambda buckets: buckets.take_each(asked))

    async def sweep(self) -> None:
        """Drop the buckets that are full, here and there."""
        await self._alone.sweep()
        await self._tried(self._shared.sweep())

    async def close(self) -> None:
        """Close what is shared."""
        await self._shared.close()

    async def _asked(self, ask: Callable[[Buckets], Awaitable[Answer]]) -> Answer:
        if self._clock() >= self._alone_until:
            found: Answer | None = await self._tried(ask(self._shared))
            if found is not None:
                return found
        return await ask(self._alone)

    async def _tried(self, work: Awaitable[Any]) -> Any:
        try:
            return await work
        except Unavailable as error:
            self._alone_until = self._clock() + ALONE_S
            log.warning("the shared rate limits are out of reach", error=str(error))
            return None
