"""Rate limits as clients see them."""

from datetime import UTC, datetime, timedelta
from typing import Self

import strawberry

from storage.rates import Standing


@strawberry.type(
    description="Where you stand with the rate limit: points that come back with time."
)
class RateLimit:
    limit: int = strawberry.field(description="The points that you have when you have them all.")
    remaining: int = strawberry.field(description="The points that are left now.")
    reset_at: datetime = strawberry.field(
        description="When you will have all of them again, if you spend none."
    )
    cost: int = strawberry.field(description="The points that this operation took.")

    @classmethod
    def of(cls, standing: Standing, now: datetime | None = None) -> Self:
        return cls(
            limit=standing.limit,
            remaining=standing.remaining,
            reset_at=(now or datetime.now(UTC)) + timedelta(seconds=standing.full_in_s),
            cost=standing.cost,
        )
