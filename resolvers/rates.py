"""Rate limits: what is left of them."""

from resolvers.context import Info
from schema.rates import RateLimit


def rate_limit(info: Info) -> RateLimit | None:
    """Where you stand with the rate limit; null when this server has none.

    A user's points are the same on every device; guests share those of their network address.
    """
    standing = info.context.standing
    return RateLimit.of(standing) if standing else None
