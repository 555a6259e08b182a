"""Asks over kept connections, each the next request as soon as the answer is there."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, field
from time import perf_counter


@dataclass(slots=True)
class Answers:
    """What came back within one run."""

    seconds: float = 0.0
    latencies: list[float] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)

    def quantile(self, share: float) -> float:
        """The latency in milliseconds that so large a share stayed below."""
        ordered = sorted(self.latencies)
        return 1000 * ordered[min(len(ordered) - 1, int(share * len(ordered)))]


class Refused(Exception):
    """A server did not answer 200; the text is what it said."""


async def run(
    port: int, requests: Iterator[bytes], *, connections: int, total: int, keep: bool = False
) -> Answers:
    """The answers to the next *total* requests. Raises Refused for anything but 200."""
    answers = Answers()
    left = iter([next(requests) for _ in range(total)])
    began = perf_counter()
    await asyncio.gather(*(_ask(port, left, answers, keep=keep) for _ in range(connections)))
    answers.seconds = perf_counter() - began
    return answers


async def _ask(port: int, left: Iterator[bytes], answers: Answers, *, keep: bool) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1 << 20)
    try:
        for request in left:
            began = perf_counter()
            writer.write(request)
            head = await reader.readuntil(b"\r\n\r\n")
            answer = await body(reader, head.lower())
            answers.latencies.append(perf_counter() - began)
            if not head.startswith(b"HTTP/1.1 200"):
                raise Refused(f"{head.decode()}{answer[:2000].decode(errors='replace')}")
            if keep:
                answers.bodies.append(answer)
    finally:
        writer.close()


async def body(reader: asyncio.StreamReader, head: bytes) -> bytes:
    """What follows a head in small letters."""
    if b"transfer-encoding: chunked" not in head:
        length = head.partition(b"content-length:")[2].partition(b"\r\n")[0]
        return await reader.readexactly(int(length))
    parts = []
    while size := int(await reader.readuntil(b"\r\n"), 16):
        parts.append((await reader.readexactly(size + 2))[:-2])
    await reader.readuntil(b"\r\n")
    return b"".join(parts)
