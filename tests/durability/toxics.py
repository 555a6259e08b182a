"""Stands in any TCP connection, and spoils what passes: toxiproxy's toxics, and two more.

After https://github.com/Shopify/toxiproxy, section "Toxics".
"""

import asyncio
import random
from asyncio import StreamReader, StreamWriter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from enum import StrEnum

CHUNK = 16 * 1024
LATENCY_S = 0.2
JITTER_S = 0.3
BYTES_PER_S = 20_000
LIMIT_BYTES = 2_000
SLICE_BYTES = 7
RESETS = 0.2


class Toxic(StrEnum):
    NONE = "none"
    LATENCY = "latency"
    JITTER = "jitter"
    BANDWIDTH = "bandwidth"
    RESET = "reset"
    """Connections are reset, at any moment."""
    BLACK_HOLE = "black hole"
    """Nothing passes, and nobody is told."""
    SLICER = "slicer"
    """Everything passes in pieces of a few bytes."""
    HALF_CLOSE = "half close"
    """The answer ends where it is, while requests still pass."""
    LIMIT_DATA = "limit data"
    """Connections end after so many bytes."""


class Link:
    """A way to somebody, spoiled as it is told."""

    def __init__(self, connect) -> None:
        self._connect = connect
        self.toxic = Toxic.NONE
        self.address = ("", 0)
        self._writers: set[StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    def be(self, toxic: Toxic) -> None:
        """Spoil from now on, what is open too."""
        self.toxic = toxic

    async def talk(self, reader: StreamReader, writer: StreamWriter) -> None:
        """Pass one connection on, until either side ends it."""
        with suppress(OSError):
            to_reader, to_writer = await self._connect()
            self._writers |= {writer, to_writer}
            up = asyncio.create_task(self._pass(reader, to_writer, is_answer=False))
            down = asyncio.create_task(self._pass(to_reader, writer, is_answer=True))
            self._tasks |= {up, down}
            await asyncio.wait({up, down}, return_when=asyncio.FIRST_COMPLETED)
            if self.toxic is Toxic.HALF_CLOSE and down.done():
                await asyncio.wait({up})
            for task in (up, down):
                task.cancel()
            await asyncio.gather(up, down, return_exceptions=True)
            self._tasks -= {up, down}
            self._writers -= {writer, to_writer}
            to_writer.transport.abort()
        writer.transport.abort()

    async def close(self) -> None:
        """End every connection."""
        for writer in self._writers:
            writer.transport.abort()
        for task in self._tasks:
            task.cancel()
        await asyncio.sleep(0)

    async def _pass(self, reader: StreamReader, writer: StreamWriter, *, is_answer: bool) -> None:
        passed = 0
        with suppress(OSError):
            while data := await reader.read(CHUNK):
                passed += len(data)
                if await self._spoiled(data, passed, writer, is_answer=is_answer):
                    return
            # Whoever has said everything may still listen.
            if writer.can_write_eof():
                writer.write_eof()

    async def _spoiled(
        self, data: bytes, passed: int, writer: StreamWriter, *, is_answer: bool
    ) -> bool:
        """Pass *data* on as the toxic wants; whether that was the end of the connection."""
        ends = {
            Toxic.RESET: random.random() < RESETS,
            Toxic.BLACK_HOLE: True,
            Toxic.HALF_CLOSE: is_answer,
            Toxic.LIMIT_DATA: passed > LIMIT_BYTES,
        }
        if ends.get(self.toxic, False):
            await self._end(data, writer)
            return True
        await self._delay(len(data))
        size = SLICE_BYTES if self.toxic is Toxic.SLICER else len(data)
        for start in range(0, len(data), size):
            writer.write(data[start : start + size])
            await writer.drain()
            await asyncio.sleep(0)
        return False

    async def _end(self, data: bytes, writer: StreamWriter) -> None:
        # What was taken into the hole is never passed on, so the connection is of no use after.
        while self.toxic is Toxic.BLACK_HOLE:  # noqa: ASYNC110 - The test ends it.
            await asyncio.sleep(0.05)
        if self.toxic in {Toxic.HALF_CLOSE, Toxic.LIMIT_DATA}:
            # A head that ends between its lines is one with fewer lines for most clients.
            writer.write(data[:SLICE_BYTES])
            writer.write_eof()

    async def _delay(self, size: int) -> None:
        delays_s = {
            Toxic.LATENCY: LATENCY_S,
            Toxic.JITTER: random.uniform(0, JITTER_S),
            Toxic.BANDWIDTH: size / BYTES_PER_S,
        }
        await asyncio.sleep(delays_s.get(self.toxic, 0))


@asynccontextmanager
async def linked(connect) -> AsyncIterator[Link]:
    """A link to whatever *connect* reaches."""
    link = Link(connect)
    server = await asyncio.start_server(link.talk, "127.0.0.1", 0)
    link.address = server.sockets[0].getsockname()
    try:
        yield link
    finally:
        server.close()
        await link.close()
