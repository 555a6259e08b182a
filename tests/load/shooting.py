"""An open loop: requests leave at their time, whatever becomes of those before them."""

import asyncio
import json
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from time import perf_counter

CLOSED = 0
PATIENCE_S = 60
# What lies idle for longer may be closed by the server at any moment.
FRESH_S = 2


@dataclass(frozen=True, slots=True)
class Shot:
    """When a request was due, how long its answer took from then on, and what it was."""

    at: float
    seconds: float
    status: int
    body: bytes = b""

    @property
    def is_good(self) -> bool:
        return self.status == 200


def request(query: str, token: str | None = None, **variables) -> bytes:
    """A request by POST as it goes over the wire."""
    body = json.dumps({"query": query, "variables": variables}).encode()
    named = f"Authorization: Bearer {token}\r\n" if token else ""
    head = (
        "POST /graphql HTTP/1.1\r\nHost: api\r\nContent-Type: application/json\r\n"
        f"{named}Content-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


class Wire(asyncio.Protocol):
    """One kept connection, with one request at a time."""

    def __init__(self) -> None:
        self.heard = b""
        self.answer: asyncio.Future[tuple[int, bytes]] | None = None
        self.is_open = True
        self.used_at = 0.0

    def connection_made(self, transport) -> None:
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.heard += data
        head, end, body = self.heard.partition(b"\r\n\r\n")
        if not end or self.answer is None or self.answer.done():
            return
        length = int(head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0])
        if len(body) >= length:
            self.heard = b""
            self.is_open = self.is_open and b"connection: close" not in head.lower()
            self.answer.set_result((int(head.split(b" ", 2)[1]), body))

    def connection_lost(self, exc) -> None:
        self.is_open = False
        if self.answer is not None and not self.answer.done():
            self.answer.set_result((CLOSED, b""))

    async def ask(self, data: bytes) -> tuple[int, bytes]:
        self.answer = asyncio.get_running_loop().create_future()
        self.transport.write(data)
        async with asyncio.timeout(PATIENCE_S):
            return await self.answer


class Shooter:
    """Asks one server over as many kept connections as it takes."""

    def __init__(self, url: str) -> None:
        self.port = int(url.rpartition(":")[2])
        self._free: list[Wire] = []

    async def ask(self, data: bytes) -> tuple[int, bytes]:
        wire = await self._wire()
        if wire is None:
            return CLOSED, b""
        try:
            answered = await wire.ask(data)
        except BaseException:
            wire.transport.abort()
            raise
        if wire.is_open:
            wire.used_at = perf_counter()
            self._free.append(wire)
        else:
            wire.transport.close()
        return answered

    async def shoot(self, due: float, data: bytes) -> Shot:
        status, body = await self.ask(data)
        return Shot(due, perf_counter() - due, status, body)

    async def open_loop(
        self, per_s: float, seconds: float, next_request: Callable[[], bytes]
    ) -> list[Shot]:
        """So many a second, for so long."""
        began, shots = perf_counter(), []
        async with asyncio.TaskGroup() as group:
            for number in range(int(per_s * seconds)):
                due = began + number / per_s
                await asyncio.sleep(max(0.0, due - perf_counter()))
                shots.append(group.create_task(self.shoot(due, next_request())))
        return [shot.result() for shot in shots]

    def close(self) -> None:
        for wire in self._free:
            wire.transport.close()

    async def _wire(self) -> Wire | None:
        while self._free:
            wire = self._free.pop()
            if wire.is_open and perf_counter() - wire.used_at < FRESH_S:
                return wire
            wire.transport.close()
        loop = asyncio.get_running_loop()
        try:
            _, wire = await loop.create_connection(Wire, "127.0.0.1", self.port)
        except OSError:
            return None
        return wire


def tell(line: str) -> None:
    """Show a figure that was measured, to whoever runs with `-s`."""
    print(line)  # noqa: T201 - The measured figure.


def quantile(shots: list[Shot], share: float) -> float:
    """The seconds that so large a share of them stayed below."""
    ordered = sorted(shot.seconds for shot in shots)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def statuses(shots: list[Shot]) -> dict[int, int]:
    """How many there were of each status."""
    return dict(Counter(shot.status for shot in shots))
