"""Holds connections of which nothing comes, from a process of its own.

`python -m tests.load.holding PORT SIZE`: half of them say nothing, half of them half a head, and
whoever is sent away comes again. Says `there` once all have come, and ends with its input.
"""

import asyncio
import sys
from contextlib import suppress

from tests.load.crowds import Peer, gathered

HALF_A_HEAD = b"GET /livez HTTP/1.1\r\nHost: api\r\n"


class Crowd:
    """So many who say nothing or too little, and come again."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._coming: set[asyncio.Task[None]] = set()
        self._is_over = False

    async def come(self, size: int) -> None:
        said = iter([b"", HALF_A_HEAD] * (size // 2))
        await gathered(size, lambda: self._come(next(said)))

    async def _come(self, says: bytes) -> None:
        def again() -> None:
            if not self._is_over:
                coming = asyncio.create_task(self._again(says))
                self._coming.add(coming)
                coming.add_done_callback(self._coming.discard)

        loop = asyncio.get_running_loop()
        await loop.create_connection(lambda: Peer(says, left=again), "127.0.0.1", self._port)

    async def go(self) -> None:
        """Come no more."""
        self._is_over = True
        await asyncio.gather(*self._coming)

    async def _again(self, says: bytes) -> None:
        with suppress(OSError):
            await self._come(says)


async def hold(port: int, size: int) -> None:
    crowd = Crowd(port)
    await crowd.come(size)
    print("there", flush=True)  # noqa: T201
    await asyncio.to_thread(sys.stdin.read)
    await crowd.go()


if __name__ == "__main__":
    asyncio.run(hold(int(sys.argv[1]), int(sys.argv[2])))
