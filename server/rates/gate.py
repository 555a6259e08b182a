"""Lets operations through as long as whoever asks has points left."""

import asyncio
from collections import Counter, OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from random import uniform
from time import monotonic
from typing import Final, Protocol, TypeVar

from server.auth.tokens import BadToken, Tokens
from server.graphql.prepared import Prepared
from server.rates.buckets import Buckets, Policy
from server.rates.leases import Leases, Taken
from server.rates.limited import Passed, RateLimited

Kept = TypeVar("Kept")
Value = TypeVar("Value")

# What a request costs that asks for little, or for something that is refused.
LEAST_POINTS: Final = 10
SWEEP_S: Final = 600.0
# How long the user of a token is remembered, and of how many.
MEMORY_S: Final = 60.0
MOST_REMEMBERED: Final = 10_000
HOUR_S: Final = 3_600


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
        self._users: OrderedDict[str, tuple[str, float]] = OrderedDict()
        self._keys: OrderedDict[tuple[str, str], bytes] = OrderedDict()
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
        user = self._user(authorization, now)
        points = _points(operation)
        policy = self._rates.user if user else self._rates.address
        first = await self._take(policy, user or address, points)
        taken = [first]
        if first.is_granted and operation is not None and not operation.errors:
            fields = operation.root_fields
            if not self._fields.isdisjoint(fields):
                taken += await self._counted(fields, user, address)
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
        self, fields: Counter[str], user: str | None, address: str
    ) -> Sequence[Taken]:
        """The limits of fields, up to the first that is used up."""
        taken = []
        for policies, whose in ((self._rates.by_address, address), (self._rates.by_user, user)):
            for name in fields.keys() & policies.keys() if whose else ():
                taken.append(await self._take(policies[name], str(whose), fields[name]))
                if not taken[-1].is_granted:
                    return taken
        return taken

    async def _take(self, policy: Policy, whose: str, points: int) -> Taken:
        return await self._leases.take(self._key(policy.name, whose), policy, points)

    def _key(self, policy: str, whose: str) -> bytes:
        known = self._keys.get((policy, whose))
        if known is None:
            # Nobody reads from the buckets who was here.
            known = self._tokens.digest("rate", policy, whose)[:16]
            _keep(self._keys, (policy, whose), known)
        return known

    def _user(self, authorization: str | None, now: float) -> str | None:
        """Whom the token was given to; whether its session still lives is for others to say."""
        if authorization is None:
            return None
        known = self._users.get(authorization)
        if known is not None and now < known[1]:
            return known[0]
        try:
            session = self._tokens.session(authorization.strip().partition(" ")[2].strip())
        except BadToken:
            return None
        _keep(self._users, authorization, (str(session.user_id), now + MEMORY_S))
        return str(session.user_id)

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


def _keep(kept: OrderedDict[Kept, Value], key: Kept, value: Value) -> None:
    kept.pop(key, None)
    kept[key] = value
    if len(kept) > MOST_REMEMBERED:
        kept.popitem(last=False)
