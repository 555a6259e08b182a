"""HTTP over kept connections, for a client on the machine that it measures.

httpx takes 2.5 ms of CPU a request there, and a whole upload of three is to cost the server 40.
"""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from time import monotonic
from typing import Any
from urllib.parse import urlsplit

from bench.load import body
from server.client import api
from server.client.retries import Transient

# Longer than any answer takes here, and shorter than a server keeps a silent connection.
TIMEOUT_S = 60
KEPT_S = 2


@dataclass(slots=True)
class Line:
    """One connection, and since when nobody uses it."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    free_at: float = 0.0

    async def send(self, request: bytes) -> tuple[bytes, bytes]:
        """The head of the answer in small letters, and its body."""
        self.writer.write(request)
        head = (await self.reader.readuntil(b"\r\n\r\n")).lower()
        return head, await body(self.reader, head)


@dataclass(slots=True)
class Lines:
    """As many connections as are needed at the same time."""

    free: dict[str, list[Line]] = field(default_factory=dict)

    async def send(
        self, method: str, url: str, headers: Mapping[str, str], content: bytes
    ) -> tuple[int, bytes]:
        """The status and the body of the answer. Raises Transient when none came."""
        place = urlsplit(url).netloc
        told = {**headers, "Host": place, "Content-Length": str(len(content))}
        fields = "".join(f"{name}: {value}\r\n" for name, value in told.items())
        request = f"{method} {url.partition(place)[2]} HTTP/1.1\r\n{fields}\r\n".encode() + content
        try:
            async with asyncio.timeout(TIMEOUT_S):
                head, answer = await self._sent(place, request)
        except (OSError, EOFError, TimeoutError) as error:
            raise Transient(f"{place} does not answer: {error!r}") from error
        return int(head.split(b" ", 2)[1]), answer

    async def _sent(self, place: str, request: bytes) -> tuple[bytes, bytes]:
        line = self._kept(place) or await self._opened(place)
        try:
            head, answer = await line.send(request)
        except BaseException:
            line.writer.close()
            raise
        if b"connection: close" in head:
            line.writer.close()
        else:
            line.free_at = monotonic()
            self.free.setdefault(place, []).append(line)
        return head, answer

    def _kept(self, place: str) -> Line | None:
        lines = self.free.get(place, [])
        while lines:
            line = lines.pop()
            if monotonic() - line.free_at < KEPT_S and not line.reader.at_eof():
                return line
            line.writer.close()
        return None

    async def _opened(self, place: str) -> Line:
        host, _, port = place.rpartition(":")
        return Line(*await asyncio.open_connection(host, int(port), limit=1 << 20))

    def close(self) -> None:
        for lines in self.free.values():
            for line in lines:
                line.writer.close()


@dataclass(frozen=True, slots=True)
class LeanApi(api.Api):
    """The API that our other clients speak to, over lines."""

    lines: Lines = field(default_factory=Lines)

    async def ask_once(self, document: str, token: str | None = None, **variables: Any) -> Any:
        """The data of the answer. Raises Refused or Transient."""
        headers = {"Accept": api.MEDIA_TYPE, "Content-Type": "application/json"}
        if token:
            headers["Authorization"] = f"Bearer {token}"
        content = json.dumps({"query": document, "variables": variables}).encode()
        status, answer = await self.lines.send("POST", self.url, headers, content)
        if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            raise Transient(f"the API answers {status}")
        return api.data_of(json.loads(answer))
