"""Buckets in Redis, for those who run one: the same arithmetic as in `storage.rates`."""

from collections.abc import Sequence
from typing import Any, Final

from server.rates.buckets import Asked, Policy
from storage.rates import Grant, Wish
from storage.reached import Unavailable

PREFIX: Final = b"picshare:rate:"
CONNECTIONS: Final = 4
TIMEOUT_S: Final = 0.4

# Redis keeps the time, and forgets a bucket when it is full.
_TAKE: Final = """
local time = redis.call('TIME')
local now = time[1] + time[2] / 1000000
local least, wanted = tonumber(ARGV[2]), tonumber(ARGV[3])
local full_at = math.max(tonumber(redis.call('GET', KEYS[1]) or now) - ARGV[4], now)
local spare, taken = ARGV[1] - (full_at - now), 0
if spare >= least then taken = math.max(least, math.min(wanted, spare / 8)) end
local missing = full_at + taken - now
local kept, kept_ms = string.format('%.6f', now + missing), math.ceil(missing * 1000) + 1
redis.call('SET', KEYS[1], kept, 'PX', kept_ms)
return {string.format('%.6f', taken), string.format('%.6f', missing)}
"""


class InRedis:
    """Buckets of all processes, in Redis."""

    def __init__(self, url: str) -> None:
        # The package is an extra: whoever names no Redis need not have it.
        import redis.asyncio as client  # noqa: PLC0415
        from redis.exceptions import RedisError  # noqa: PLC0415

        self._error = RedisError
        self._redis: Any = client.Redis.from_url(
            url,
            max_connections=CONNECTIONS,
            socket_timeout=TIMEOUT_S,
            socket_connect_timeout=TIMEOUT_S,
        )
        self._take = self._redis.register_script(_TAKE)

    async def take(self, key: bytes, policy: Policy, wish: Wish) -> Grant:
        """Take what is wanted but no large part of what is left, the least, or nothing."""
        given = [policy.span_s, wish.least_s, wish.wanted_s, wish.back_s]
        try:
            taken_s, missing_s = await self._take(keys=[PREFIX + key], args=given)
        except (self._error, OSError) as error:
            raise Unavailable("Redis cannot be reached") from error
        return Grant(float(taken_s), float(missing_s))

    async def take_each(self, asked: Sequence[Asked]) -> list[Grant]:
        """Take out of several, over one connection each time."""
        return [await self.take(*one) for one in asked]

    async def sweep(self) -> None:
        """Redis sweeps by itself."""

    async def close(self) -> None:
        """Close the connections."""
        await self._redis.aclose()
