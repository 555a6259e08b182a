"""Stands between us and a real store, and breaks what passes when told to."""

import asyncio
from asyncio import IncompleteReadError, StreamReader, StreamWriter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from enum import StrEnum
from urllib.parse import urlsplit

LATE_S = 5.0
CHUNK = 64 * 1024


class Fault(StrEnum):
    NONE = "none"
    RESET = "reset"
    SLOW_DOWN = "slow down"
    FULL = "full"
    LATE = "late"
    CUT = "cut"
    """The answer ends in the middle of its body, or of its head where it has none."""
    UNANSWERED = "unanswered"
    """The request takes effect, and nobody hears of it."""


def _answer(status: str, code: str) -> bytes:
    body = (
        f'<?xml version="1.0" encoding="UTF-8"?><Error><Code>{code}</Code>'
        f"<Message>{code}</Message><Resource>/</Resource><RequestId>1</RequestId></Error>"
    ).encode()
    head = (
        f"HTTP/1.1 {status}\r\nContent-Type: application/xml\r\n"
        f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    )
    return head.encode() + body


ANSWERS = {
    Fault.SLOW_DOWN: _answer("503 Service Unavailable", "SlowDown"),
    Fault.FULL: _answer("507 Insufficient Storage", "XMinioStorageFull"),
}


class Proxy:
    """Passes requests on, one connection each, and breaks them from the *begins*-th one on."""

    def __init__(self, target: str) -> None:
        address = urlsplit(target)
        self._target = address.hostname, address.port
        self._fault = Fault.NONE
        self._begins = 0
        self.requests = 0
        self.url = ""

    def be(self, fault: Fault, begins: int = 0) -> None:
        """Break what comes, after so many requests more that pass."""
        self._fault, self._begins, self.requests = fault, begins, 0

    async def talk(self, reader: StreamReader, writer: StreamWriter) -> None:
        """Answer one connection."""
        with suppress(OSError, IncompleteReadError):
            await self._answer(reader, writer)
        writer.close()

    async def _answer(self, reader: StreamReader, writer: StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        is_broken = self.requests >= self._begins and self._fault is not Fault.NONE
        self.requests += 1
        fault = self._fault if is_broken else Fault.NONE
        if fault is Fault.RESET:
            writer.transport.abort()
            return
        body = await reader.readexactly(_length(head))
        if fault in ANSWERS:
            writer.write(ANSWERS[fault])
            await writer.drain()
            return
        said = await self._asked(head, body)
        if fault is Fault.LATE:
            await asyncio.sleep(LATE_S)
        if fault is Fault.CUT:
            said = _cut(said)
        if fault is not Fault.UNANSWERED:
            writer.write(said)
            await writer.drain()

    async def _asked(self, head: bytes, body: bytes) -> bytes:
        """All that the store answers, to a request that is the last of its connection."""
        first, rest = head.split(b"\r\n", 1)
        kept = [line for line in rest.split(b"\r\n") if not line.lower().startswith(b"connection:")]
        to_reader, to_writer = await asyncio.open_connection(*self._target)
        to_writer.write(b"\r\n".join([first, b"Connection: close", *kept]) + body)
        said = b""
        while chunk := await to_reader.read(CHUNK):
            said += chunk
        to_writer.close()
        return said


def _length(head: bytes) -> int:
    name = b"\r\ncontent-length:"
    at = head.lower().find(name)
    return int(head[at + len(name) :].split(b"\r\n", 1)[0]) if at >= 0 else 0


def _cut(said: bytes) -> bytes:
    head, end, body = said.partition(b"\r\n\r\n")
    # A head that ends early is one with fewer lines for most clients, so its first line ends.
    return head + end + body[: len(body) // 2] if body else head[:8]


@asynccontextmanager
async def proxied(target: str) -> AsyncIterator[Proxy]:
    """A proxy before the store at *target*."""
    made = Proxy(target)
    server = await asyncio.start_server(made.talk, "127.0.0.1", 0, limit=CHUNK)
    _, port = server.sockets[0].getsockname()
    made.url = f"http://127.0.0.1:{port}"
    try:
        yield made
    finally:
        server.close()
        await server.wait_closed()
