"""Receivers of webhooks as they should not be: real listeners on loopback."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable

Behave = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


class Receiver:
    """Answers each request as it is told to, and keeps what came."""

    def __init__(self, answers: list[bytes] | None = None) -> None:
        self.answers = answers or []
        self.requests: list[tuple[dict[str, str], bytes]] = []
        self.sent_bytes = 0
        self.url = ""

    @contextlib.asynccontextmanager
    async def listening(self, behave: Behave | None = None, tls=None) -> AsyncIterator["Receiver"]:
        tasks = set()

        async def serve(reader, writer):
            tasks.add(asyncio.current_task())
            try:
                with contextlib.suppress(OSError, EOFError, asyncio.CancelledError):
                    await (behave or self.answer)(reader, writer)
            finally:
                writer.transport.abort() if behave else writer.close()

        server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=tls)
        scheme = "https" if tls else "http"
        self.url = f"{scheme}://127.0.0.1:{server.sockets[0].getsockname()[1]}/hook"
        try:
            yield self
        finally:
            server.close()
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def answer(self, reader, writer) -> None:
        headers, body = await request(reader)
        self.requests.append((headers, body))
        given = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        writer.write(given)
        await writer.drain()

    async def never(self, reader, _writer) -> None:
        await request(reader)
        await asyncio.Event().wait()

    async def drips(self, reader, writer) -> None:
        await request(reader)
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
        while True:
            await self._send(writer, b"x")
            await asyncio.sleep(1)

    async def floods(self, reader, writer) -> None:
        await request(reader)
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n")
        for _ in range(100_000):
            await self._send(writer, b"x" * 10_000)

    async def heads(self, reader, writer) -> None:
        await request(reader)
        writer.write(b"HTTP/1.1 200 OK\r\n")
        for number in range(10_000_000):
            await self._send(writer, b"X-%d: x\r\n" % number)

    async def resets(self, reader, writer) -> None:
        await request(reader)
        writer.transport.abort()

    async def _send(self, writer, data: bytes) -> None:
        writer.write(data)
        await writer.drain()
        self.sent_bytes += len(data)


async def request(reader) -> tuple[dict[str, str], bytes]:
    head = (await reader.readuntil(b"\r\n\r\n")).decode()
    lines = [line.partition(": ") for line in head.split("\r\n")[1:] if line]
    headers = {name.lower(): value for name, _, value in lines}
    return headers, await reader.readexactly(int(headers["content-length"]))


def answer(status: str, body: bytes = b"", *headers: str) -> bytes:
    head = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers, "", ""]
    return "\r\n".join(head).encode() + body
