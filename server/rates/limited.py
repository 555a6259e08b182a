"""What the rate limits say: to whom they let through, and to whom they do not."""

import math
from dataclasses import dataclass
from typing import Final

from server.rates.leases import Taken
from storage.rates import Standing

POLICY: Final = "RateLimit-Policy"
LIMIT: Final = "RateLimit"
_POLICY: Final = POLICY.lower().encode()
_LIMIT: Final = LIMIT.lower().encode()


class RateLimited(Exception):
    """Too much was asked for; the text says when to come again."""

    def __init__(self, passed: "Passed", refused: Taken) -> None:
        self.passed = passed
        self.retry_in_s = max(1, math.ceil(refused.retry_in_s))
        what = "points" if refused.policy.name in {"user", "address"} else refused.policy.name
        super().__init__(f"the limit of {what} is used up; try again in {self.retry_in_s} s")


@dataclass(slots=True)
class Passed:
    """What an operation was charged; empty when nothing is limited."""

    taken: tuple[Taken, ...] = ()
    cost: int = 0

    @property
    def standing(self) -> Standing | None:
        """Where the asker stands now with the points."""
        if not self.taken:
            return None
        first = self.taken[0]
        return Standing(first.policy.points, first.remaining, first.full_in_s, self.cost)

    @property
    def raw_headers(self) -> list[tuple[bytes, bytes]]:
        """The same as bytes."""
        if not self.taken:
            return []
        return [(_POLICY, self._policies.encode()), (_LIMIT, self._left.encode())]

    @property
    def headers(self) -> dict[str, str]:
        """Source: draft-ietf-httpapi-ratelimit-headers-10."""
        return {POLICY: self._policies, LIMIT: self._left} if self.taken else {}

    @property
    def _policies(self) -> str:
        return ", ".join([each.policy.written for each in self.taken])

    @property
    def _left(self) -> str:
        return ", ".join(
            [
                f'"{each.policy.name}";r={each.remaining};t={math.ceil(each.full_in_s)}'
                for each in self.taken
            ]
        )
