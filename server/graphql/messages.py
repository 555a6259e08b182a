"""A request and a whole answer as the endpoint sees them: bytes, and no object for each header."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from http import HTTPStatus
from typing import Final

import orjson
from starlette.types import Receive, Scope, Send

from server.http.whole import Header

_NOTHING: Final[Mapping[str, str]] = {}


class CutOff(Exception):
    """The client went away before its request was complete."""


class TooLarge(Exception):
    """The body is larger than was admitted."""


class Incoming:
    """One request: its head, and its body that is still to come."""

    __slots__ = ("_receive", "headers", "method", "query_string", "scope")

    def __init__(self, scope: Scope, receive: Receive) -> None:
        self.scope = scope
        self.method: str = scope["method"]
        self.query_string: bytes = scope["query_string"]
        self._receive = receive
        # Of a header that stands twice the first counts.
        self.headers: dict[bytes, bytes] = dict(reversed(scope["headers"]))

    def header(self, name: bytes) -> str | None:
        """The header of that name in lower case."""
        value = self.headers.get(name)
        return None if value is None else value.decode("latin-1")

    async def body(self, most: int) -> bytes:
        """The whole body. Raises TooLarge and CutOff."""
        body, is_more = b"", True
        while is_more:
            message = await self._receive()
            if message["type"] == "http.disconnect":
                raise CutOff
            body += message.get("body", b"")
            is_more = message.get("more_body", False)
            if len(body) > most:
                raise TooLarge
        return body


@dataclass(slots=True)
class Reply:
    """A whole answer with its content-length; whoever passes it on may add headers."""

    status: int
    raw_headers: list[Header]
    body: bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it."""
        del scope, receive
        start = {"type": "http.response.start", "status": self.status, "headers": self.raw_headers}
        await send(start)
        await send({"type": "http.response.body", "body": self.body})


def json_reply(
    body: object,
    media_type: str,
    status: int = HTTPStatus.OK,
    headers: Mapping[str, str] = _NOTHING,
) -> Reply:
    """An answer of JSON, which nobody keeps."""
    written = orjson.dumps(body)
    told = [*_said(media_type), (b"content-length", b"%d" % len(written))]
    if headers:
        told += [(name.lower().encode(), value.encode()) for name, value in headers.items()]
    return Reply(status, told, written)


@cache
def _said(media_type: str) -> tuple[Header, ...]:
    content_type = f"{media_type}; charset=utf-8".encode()
    return (
        (b"content-type", content_type),
        (b"cache-control", b"no-store"),
        (b"vary", b"Accept"),
    )
