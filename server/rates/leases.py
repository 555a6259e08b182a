"""Points taken in advance or soon after, so that most requests wait for nobody.

What is leased was taken out of the shared bucket before: all processes together never spend
more than it held. Whoever asks much gets larger leases; what was not used goes back. Who asks
little, and was not seen without plenty, is let through at once and owes it: what all of them owe
is taken together in a moment. A debt stays until the bucket has paid it.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from contextvars import Context
from dataclasses import dataclass
from time import monotonic
from typing import Final

import structlog

from server.rates.buckets import Buckets, Policy
from storage.rates import Grant, Wish

log = structlog.get_logger("rates")

LEASE_S: Final = 2.0
# The largest part of a bucket that one process leases.
LARGEST: Final = 1 / 50
# The largest part that somebody may owe to it, unless it was less full when last seen.
OWED: Final = 1 / 100
PLENTY: Final = 1 / 2
SETTLE_S: Final = 0.05
MOST: Final = 10_000


@dataclass(slots=True)
class Taken:
    """What became of a wish for points."""

    policy: Policy
    is_granted: bool
    remaining: int
    full_in_s: float
    retry_in_s: float = 0.0


@dataclass(slots=True)
class _Lease:
    points: float = 0.0
    owed: float = 0.0
    # How many bills are on their way.
    billed: int = 0
    until: float = 0.0
    extra: float = 0.0
    # What was missing in the shared bucket at that time, in seconds of refilling.
    missing_s: float = 0.0
    at: float = float("-inf")
    _asking: asyncio.Lock | None = None

    @property
    def asking(self) -> asyncio.Lock:
        """For one at a time to ask the shared bucket; most who owe never have to."""
        if self._asking is None:
            self._asking = asyncio.Lock()
        return self._asking

    def spend(self, points: float, now: float) -> bool:
        if now >= self.until or self.points < points:
            return False
        self.points -= points
        return True

    def missing_points(self, policy: Policy, now: float) -> float:
        """What is missing at the least: others may have taken more meanwhile."""
        missing_s = max(0.0, self.missing_s - (now - self.at))
        return max(0.0, missing_s * policy.per_s - self.points + self.owed)

    def may_owe(self, policy: Policy, points: float, missing: float) -> bool:
        """Whether so little is asked for, and so much is there for all we know, that nobody need
        be asked.
        """
        owes_nothing = not self.owed and not self.billed
        is_little = owes_nothing and points <= policy.points * OWED
        return is_little and missing <= policy.points * (1 - PLENTY)


@dataclass(slots=True)
class _Bill:
    """What is asked of a shared bucket for one lease."""

    key: bytes
    policy: Policy
    lease: _Lease
    wish: Wish
    owed: float
    """How much of it was spent before."""
    back: float
    """What was left of the last lease, which it gives back."""
    at: float

    def leave_open(self) -> None:
        """Owe it again, because nobody could be asked."""
        self.lease.billed -= 1
        self.lease.owed += self.owed
        self.lease.points += self.back


class Leases:
    """Spends points of buckets that many processes share."""

    def __init__(self, buckets: Buckets, clock: Callable[[], float] = monotonic) -> None:
        self._buckets = buckets
        self._clock = clock
        self._leases: OrderedDict[bytes, _Lease] = OrderedDict()
        self._owing: dict[bytes, tuple[_Lease, Policy]] = {}
        self._settling: asyncio.Task[None] | None = None

    async def take(self, key: bytes, policy: Policy, points: int) -> Taken:
        """Spend so many points, or none."""
        points = min(points, policy.points)
        lease, now = self._lease(key), self._clock()
        if lease.spend(points, now):
            return self._taken(lease, policy, now)
        missing = lease.missing_points(policy, now)
        if policy.points - missing < points:
            return self._refused(lease, policy, points, now)
        if lease.may_owe(policy, points, missing):
            self._owe(key, lease, policy, points)
            return self._taken(lease, policy, now)
        async with lease.asking:
            # Whoever waited may find enough of what the one before has brought.
            now = self._clock()
            if lease.spend(points, now) or await self._renewed(key, lease, policy, points):
                return self._taken(lease, policy, self._clock())
            return self._refused(lease, policy, points, self._clock())

    async def close(self) -> None:
        """Wait until what is owed was taken, if it can be."""
        if self._settling is not None:
            await asyncio.gather(self._settling, return_exceptions=True)

    def _owe(self, key: bytes, lease: _Lease, policy: Policy, points: int) -> None:
        lease.owed = points
        self._owing[key] = lease, policy
        if self._settling is None or self._settling.done():
            # It is done for many, so it is told of none.
            self._settling = asyncio.create_task(self._settle_soon(), context=Context())

    async def _settle_soon(self) -> None:
        while self._owing:
            await asyncio.sleep(SETTLE_S)
            await self._settle()

    async def _settle(self) -> None:
        owing, self._owing = self._owing, {}
        bills = [
            self._bill(key, lease, policy, 0)
            for key, (lease, policy) in owing.items()
            if lease.owed
        ]
        asked = [(bill.key, bill.policy, bill.wish) for bill in bills]
        try:
            grants = await self._buckets.take_each(asked) if asked else []
        except Exception as error:  # noqa: BLE001 - Whoever asks next hears of it, and pays.
            log.warning("what is owed cannot be taken", error=repr(error))
            for bill in bills:
                bill.leave_open()
        else:
            for bill, grant in zip(bills, grants, strict=True):
                self._paid(bill, grant)

    def _lease(self, key: bytes) -> _Lease:
        lease = self._leases.get(key)
        if lease is None:
            lease = self._leases[key] = _Lease()
            if len(self._leases) > MOST:
                self._leases.popitem(last=False)
        else:
            self._leases.move_to_end(key)
        return lease

    async def _renewed(self, key: bytes, lease: _Lease, policy: Policy, points: int) -> bool:
        """Whether the bucket had as much; what is left of the last lease goes back with it."""
        bill = self._bill(key, lease, policy, points)
        try:
            grant = await self._buckets.take(key, policy, bill.wish)
        except BaseException:
            bill.leave_open()
            raise
        is_paid = self._paid(bill, grant)
        if is_paid:
            lease.points = max(0.0, lease.points - points)
        return is_paid

    def _bill(self, key: bytes, lease: _Lease, policy: Policy, points: int) -> _Bill:
        """For so many points, whatever is owed, and more for who has used up the last lease."""
        now = self._clock()
        back, lease.points = lease.points, 0.0
        owed, lease.owed = lease.owed, 0.0
        lease.billed += 1
        least = min(points + owed, policy.points)
        largest = policy.points * LARGEST
        is_used_up = now < lease.until
        lease.extra = min(max(2 * lease.extra, 2.0 * least), largest) if is_used_up else 0.0
        wish = Wish(
            least_s=least / policy.per_s,
            wanted_s=min(least + lease.extra, policy.points) / policy.per_s,
            back_s=back / policy.per_s,
        )
        return _Bill(key, policy, lease, wish, owed, back, now)

    def _paid(self, bill: _Bill, grant: Grant) -> bool:
        """Whether the bucket had it; else what was owed still is."""
        lease = bill.lease
        lease.billed -= 1
        lease.missing_s, lease.at = grant.missing_s, bill.at
        # A grant has the precision of a microsecond.
        if grant.taken_s < bill.wish.least_s - 2e-6:
            lease.owed += bill.owed
            return False
        lease.points = max(0.0, lease.points + grant.taken_s * bill.policy.per_s - bill.owed)
        lease.until = bill.at + LEASE_S
        return True

    def _taken(self, lease: _Lease, policy: Policy, now: float) -> Taken:
        missing = lease.missing_points(policy, now)
        return Taken(policy, True, int(policy.points - missing), missing / policy.per_s)  # noqa: FBT003

    def _refused(self, lease: _Lease, policy: Policy, points: int, now: float) -> Taken:
        missing = lease.missing_points(policy, now)
        left = max(0.0, policy.points - missing)
        return Taken(
            policy,
            is_granted=False,
            remaining=int(left),
            full_in_s=missing / policy.per_s,
            retry_in_s=max(0.0, points - left) / policy.per_s,
        )
