"""Points taken in advance, so that most requests ask nobody.

What is leased was taken out of the shared bucket before: all processes together never spend
more than it held. Whoever asks much gets larger leases; what was not used goes back.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from time import monotonic
from typing import Final

from server.rates.buckets import Buckets, Policy
from storage.rates import Wish

LEASE_S: Final = 2.0
# The largest part of a bucket that one process leases.
LARGEST: Final = 1 / 50
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
    until: float = 0.0
    extra: float = 0.0
    # What was missing in the shared bucket at that time, in seconds of refilling.
    missing_s: float = 0.0
    at: float = float("-inf")
    asking: asyncio.Lock = field(default_factory=asyncio.Lock)

    def spend(self, points: float, now: float) -> bool:
        if now >= self.until or self.points < points:
            return False
        self.points -= points
        return True

    def missing_points(self, policy: Policy, now: float) -> float:
        """What is missing at the least: others may have taken more meanwhile."""
        missing_s = max(0.0, self.missing_s - (now - self.at))
        return max(0.0, missing_s * policy.per_s - self.points)


class Leases:
    """Spends points of buckets that many processes share."""

    def __init__(self, buckets: Buckets, clock: Callable[[], float] = monotonic) -> None:
        self._buckets = buckets
        self._clock = clock
        self._leases: OrderedDict[bytes, _Lease] = OrderedDict()

    async def take(self, key: bytes, policy: Policy, points: int) -> Taken:
        """Spend so many points, or none."""
        points = min(points, policy.points)
        lease, now = self._lease(key), self._clock()
        if lease.spend(points, now):
            return self._taken(lease, policy, now)
        if policy.points - lease.missing_points(policy, now) < points:
            return self._refused(lease, policy, points, now)
        async with lease.asking:
            # Whoever waited may find enough of what the one before has brought.
            now = self._clock()
            if lease.spend(points, now) or await self._renewed(key, lease, policy, points):
                return self._taken(lease, policy, self._clock())
            return self._refused(lease, policy, points, self._clock())

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
        back, lease.points = lease.points, 0.0
        is_used_up = self._clock() < lease.until
        largest = policy.points * LARGEST
        lease.extra = min(max(2 * lease.extra, 2.0 * points), largest) if is_used_up else 0.0
        wish = Wish(
            least_s=points / policy.per_s,
            wanted_s=min(points + lease.extra, policy.points) / policy.per_s,
            back_s=back / policy.per_s,
        )
        asked_at = self._clock()
        grant = await self._buckets.take(key, policy, wish)
        lease.missing_s, lease.at = grant.missing_s, asked_at
        # A grant has the precision of a microsecond.
        granted = grant.taken_s * policy.per_s
        if grant.taken_s < wish.least_s - 2e-6:
            return False
        lease.points = max(0.0, granted - points)
        lease.until = asked_at + LEASE_S
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
