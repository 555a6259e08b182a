"""Lets operations through as long as whoever asks has points left."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from random import uniform
from time import monotonic
from typing import Final, Protocol

from server.auth.tokens import BadToken, Tokens
from server.graphql.prepared import Prepared
from server.rates.buckets import Buckets, Policy
from server.rates.leases import Leases, Taken
from server.rates.limited import Passed, RateLimited

# What a request costs that asks for little, or for something that is refused.
LEAST_POINTS: Final = 10
SWEEP_S: Final = 600.0
HOUR_S: Final = 3_600
KEY_BYTES: Final = 16


@dataclass(frozen=True, slots=True)
class Rates:
    """The policies: of all operations, and of fields, each with whose calls are counted."""

    user: Policy
    address: Policy
    by_address: Mapping[str, Policy]
    by_user: Mapping[str, Policy]


class Limiter(Protocol):
    """Charges operations. May raise RateLimited."""

    async def admit(
        self, authorization: str | None, address: str, operation: Prepared | None
    ) -> Passed: ...

    async def close(self) -> None: ...


class Open:
    """Lets everything through."""

    async def admit(
        self, authorization: str | None, address: str, operation: Prepared | None
    ) -> Passed:
        """Charge nothing."""
        del authorization, address, operation
        return Passed()

    async def close(self) -> None:
        """Nothing is open."""


class Gate:
    """Charges operations to whoever asks: a user by the token, everybody else by the address."""

    def __init__(
        self,
        buckets: Buckets,
        rates: Rates,
        tokens: Tokens,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self._buckets = buckets
        self._leases = Leases(buckets, clock)
        self._rates = rates
        self._tokens = tokens
        self._clock = clock
        self._secret = tokens.digest("rate")
        self._fields = frozenset({*rates.by_address, *rates.by_user})
        self._swept_at = clock()
        self._sweeping: asyncio.Task[None] | None = None

    async def admit(
        self, authorization: str | None, address: str, operation: Prepared | None
    ) -> Passed:
        """Charge an operation, or a request that is none. Raises RateLimited.

        What is refused here costs nothing more, except for what was counted before it.
        """
        now = self._clock()
        if now - self._swept_at >= SWEEP_S:
            self._sweep(now)
        user, place = self._user(authorization), address.encode(errors="surrogatepass")
        points = _points(operation)
        policy = self._rates.user if user else self._rates.address
        first = await self._take(policy, user or place, points)
        taken = [first]
        if first.is_granted and operation is not None and not operation.errors:
            fields = operation.root_fields
            if not self._fields.isdisjoint(fields):
                taken += await self._counted(fields, user, place)
        passed = Passed(tuple(taken), points)
        if not taken[-1].is_granted:
            raise RateLimited(passed, taken[-1])
        return passed

    async def close(self) -> None:
        """Let go of the buckets."""
        if self._sweeping is not None:
            self._sweeping.cancel()
            await asyncio.gather(self._sweeping, return_exceptions=True)
        await self._leases.close()
        await self._buckets.close()

    async def _counted(
        self, fields: Counter[str], user: bytes | None, place: bytes
    ) -> Sequence[Taken]:
        """The limits of fields, up to the first that is used up."""
        taken = []
        for policies, whose in ((self._rates.by_address, place), (self._rates.by_user, user)):
            if not whose:
                continue
            for name in fields.keys() & policies.keys():
                taken.append(await self._take(policies[name], whose, fields[name]))
                if not taken[-1].is_granted:
                    return taken
        return taken

    def _take(self, policy: Policy, whose: bytes, points: int) -> Awaitable[Taken]:
        # Nobody reads from the buckets who was here.
        told = b"%b\0%b" % (policy.name.encode(), whose)
        key = blake2b(told, digest_size=KEY_BYTES, key=self._secret).digest()
        return self._leases.take(key, policy, points)

    def _user(self, authorization: str | None) -> bytes | None:
        """Whom the token was given to; whether its session still lives is for others to say."""
        if authorization is None:
            return None
        try:
            return self._tokens.bearer(authorization).user_id.bytes
        except BadToken:
            return None

    def _sweep(self, now: float) -> None:
        # Not all processes at the same time.
        self._swept_at = now + uniform(0, SWEEP_S / 2)  # noqa: S311 - No secret.
        self._sweeping = asyncio.create_task(self._buckets.sweep())


def per_hour(name: str, times: int) -> Policy:
    """So many calls an hour, and at once."""
    return Policy(name, times, times / HOUR_S)


def _points(operation: Prepared | None) -> int:
    if operation is None or not operation.is_to_be_executed:
        return LEAST_POINTS
    return max(operation.cost, LEAST_POINTS)
