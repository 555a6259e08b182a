"""Peers that hold connections: thousands of them, in one loop."""

import asyncio
import socket
from collections.abc import Awaitable, Callable
from contextlib import suppress
from time import perf_counter

AT_ONCE = 200


class Peer(asyncio.Protocol):
    """Says something, and then a byte a second if it has any; notes when it was sent away."""

    def __init__(
        self, says: bytes = b"", trickle: bytes = b"", left: Callable[[], None] | None = None
    ) -> None:
        self._says, self._trickle, self._left = says, trickle, left
        self.began = perf_counter()
        self.ended: float | None = None
        self.heard = b""
        self._next: asyncio.TimerHandle | None = None

    def connection_made(self, transport) -> None:
        self.transport = transport
        transport.write(self._says)
        if self._trickle:
            self._later()

    def data_received(self, data: bytes) -> None:
        self.heard = (self.heard + data)[:1_000]

    def connection_lost(self, exc) -> None:
        self.ended = perf_counter()
        if self._next is not None:
            self._next.cancel()
        if self._left is not None:
            self._left()

    @property
    def lasted(self) -> float:
        return (self.ended or perf_counter()) - self.began

    def _later(self) -> None:
        self._next = asyncio.get_running_loop().call_later(1, self._drip)

    def _drip(self) -> None:
        if not self.transport.is_closing():
            self.transport.write(self._trickle)
            self._later()


async def gathered(size: int, one: Callable[[], Awaitable]) -> list:
    """What so many become, some at a time; those who are turned away are None."""
    places = asyncio.Semaphore(AT_ONCE)

    async def placed():
        async with places:
            with suppress(OSError):
                return await one()
        return None

    return await asyncio.gather(*(placed() for _ in range(size)))


async def peers(port: int, size: int, says: bytes = b"", trickle: bytes = b"") -> list[Peer]:
    """So many connections that behave so."""
    loop = asyncio.get_running_loop()

    async def one():
        _, peer = await loop.create_connection(lambda: Peer(says, trickle), "127.0.0.1", port)
        return peer

    return [peer for peer in await gathered(size, one) if peer is not None]


def part(crowd: list[Peer]) -> None:
    for peer in crowd:
        peer.transport.abort()


class Reader:
    """Asks for much, and reads a byte a second of what comes."""

    def __init__(self, port: int, says: bytes) -> None:
        self.socket = socket.socket()
        # Little enough that the system does not read in its place.
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        self.socket.connect(("127.0.0.1", port))
        self.socket.setblocking(False)  # noqa: FBT003 - Its only argument.
        self.socket.send(says)

    def read(self) -> None:
        with suppress(OSError):
            self.socket.recv(1)
