"""Holds connections of which nothing comes, from a process of its own.

`python -m tests.load.holding PORT SIZE`: half of them say nothing, half of them half a head, and
whoever is sent away comes again. Says `there` once all have come, and ends with its input.
"""

import asyncio
import sys

from tests.load.crowds import Peer, part, peers

HALF_A_HEAD = b"GET /livez HTTP/1.1\r\nHost: api\r\n"
LOOK_S = 0.5


async def hold(port: int, size: int) -> None:
    silent, half = await peers(port, size // 2), await peers(port, size // 2, HALF_A_HEAD)
    print("there", flush=True)  # noqa: T201
    ended = asyncio.create_task(asyncio.to_thread(sys.stdin.read))
    while not ended.done():
        await asyncio.sleep(LOOK_S)
        silent, half = await _again(port, silent), await _again(port, half, HALF_A_HEAD)
    part([*silent, *half])


async def _again(port: int, crowd: list[Peer], says: bytes = b"") -> list[Peer]:
    left = [peer for peer in crowd if not peer.ended]
    return left + await peers(port, len(crowd) - len(left), says)


if __name__ == "__main__":
    asyncio.run(hold(int(sys.argv[1]), int(sys.argv[2])))
