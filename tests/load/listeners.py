"""WebSockets by the thousand: graphql-transport-ws word by word, without a library's cost."""

import asyncio
import json
import struct
from time import perf_counter

from server.graphql.frames import PROTOCOL

TEXT, CLOSE, PING, PONG, LAST = 0x1, 0x8, 0x9, 0xA, 0x80


def handshake(number: int) -> bytes:
    """A request for a WebSocket, from an address of its own as a proxy tells it."""
    address = f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"
    lines = [
        "GET /graphql HTTP/1.1",
        "Host: api",
        f"X-Forwarded-For: {address}",
        "Connection: Upgrade",
        "Upgrade: websocket",
        "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==",
        "Sec-WebSocket-Version: 13",
        f"Sec-WebSocket-Protocol: {PROTOCOL}",
    ]
    return "\r\n".join([*lines, "", ""]).encode()


def frame(kind: int, payload: bytes) -> bytes:
    """A frame as a client sends it, under a mask of zeros."""
    size = len(payload)
    length = struct.pack("!B", 0x80 | size) if size < 126 else struct.pack("!BH", 0xFE, size)
    return bytes([LAST | kind]) + length + bytes(4) + payload


class Listener(asyncio.Protocol):
    """One socket that subscribes once, and notes what it hears and when."""

    def __init__(self, number: int, query: str = "", token: str | None = None, **variables) -> None:
        self.number = number
        self._query, self._token, self._variables = query, token, variables
        self.messages: list[tuple[float, dict]] = []
        self.refused = 0
        self.code = 0
        self.began = perf_counter()
        self.ended: float | None = None
        self.is_acked = False
        self._heard = b""
        self._is_open = False

    def connection_made(self, transport) -> None:
        self.transport = transport
        transport.write(handshake(self.number))

    def data_received(self, data: bytes) -> None:
        self._heard += data
        if not self._is_open and not self._opened():
            return
        while (found := self._next()) is not None:
            self._take(*found)

    def connection_lost(self, exc) -> None:
        self.ended = perf_counter()

    def say(self, **members) -> None:
        self.transport.write(frame(TEXT, json.dumps(members).encode()))

    @property
    def lasted(self) -> float:
        return (self.ended or perf_counter()) - self.began

    @property
    def events(self) -> list[tuple[float, dict]]:
        return [(at, message) for at, message in self.messages if message["type"] == "next"]

    def _opened(self) -> bool:
        head, end, rest = self._heard.partition(b"\r\n\r\n")
        if not end:
            return False
        status = int(head.split(b" ", 2)[1])
        self._is_open, self._heard = status == 101, rest
        if not self._is_open:
            self.refused = status
            self.transport.close()
        elif self._query:
            named = {"Authorization": f"Bearer {self._token}"} if self._token else {}
            self.say(type="connection_init", payload=named)
        return self._is_open

    def _next(self) -> tuple[int, bytes] | None:
        if len(self._heard) < 2:
            return None
        kind, size, start = self._heard[0] & 15, self._heard[1], 2
        if size == 126:
            if len(self._heard) < 4:
                return None
            size, start = struct.unpack("!H", self._heard[2:4])[0], 4
        if len(self._heard) < start + size:
            return None
        payload = self._heard[start : start + size]
        self._heard = self._heard[start + size :]
        return kind, payload

    def _take(self, kind: int, payload: bytes) -> None:
        if kind == PING:
            self.transport.write(frame(PONG, payload))
        elif kind == CLOSE:
            self.code = struct.unpack("!H", payload[:2])[0]
            self.transport.write(frame(CLOSE, payload[:2]))
            self.transport.close()
        else:
            message = json.loads(payload)
            self.messages.append((perf_counter(), message))
            if message["type"] == "connection_ack":
                self.is_acked = True
                asked = {"query": self._query, "variables": self._variables}
                self.say(id="1", type="subscribe", payload=asked)


async def connected(port: int, listener: Listener) -> Listener:
    """The listener, as soon as somebody took its connection. Raises OSError."""
    loop = asyncio.get_running_loop()
    await loop.create_connection(lambda: listener, "127.0.0.1", port)
    return listener
