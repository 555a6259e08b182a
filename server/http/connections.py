"""HTTP/1.1 as uvicorn speaks it, within limits of time and size, and strict where it is lax.

Source: RFC 9112, https://www.rfc-editor.org/rfc/rfc9112.
"""

import asyncio
import random
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from typing import Any, Final

from uvicorn._types import ASGI3Application
from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle
from uvicorn.server import ServerState

from server.http.draining import Draining
from server.http.heads import require_chunked, require_host
from server.http.whole import offer, withdraw

# How long what is sent beyond an early answer is dropped, and how much of it, before the end.
LINGER_S: Final = 2.0
LINGER_BYTES: Final = 32 * 1024
# Those who came together are not all looked after, nor sent away, in the same moment.
SPREAD: Final = 1.25
_BODY: Final = frozenset({b"content-length", b"transfer-encoding"})


@dataclass(frozen=True, slots=True)
class Bounds:
    """What one connection, and all together, are held to."""

    head_timeout_s: float = 10.0
    """For the first head of a connection up to a quarter more."""
    body_timeout_s: float = 12.0
    head_bytes: int = 32 * 1024
    headers: int = 100
    connections: int = 10_000


BOUNDS: Final = Bounds()


class Connection(Draining, HttpToolsProtocol):
    """One connection; see `bounded` for its bounds."""

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
        bounds: Bounds = BOUNDS,
        newcomers: "OrderedDict[Connection, None] | None" = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self.bounds = bounds
        # Those of this server that have asked nothing yet, the oldest first. Of a plain dict the
        # first is found the later the more went before it.
        self._newcomers = OrderedDict() if newcomers is None else newcomers
        # When what is awaited must have come; None while nothing is.
        self._until: float | None = None
        self._watching: asyncio.TimerHandle | None = None
        self._head_bytes = 0
        self._field_bytes = 0
        # Whether a head has begun that is not over.
        self._is_in_head = False
        self._is_in_body = False
        # Whether nothing is awaited but another request, which need not come.
        self._is_kept = False
        self._running: RequestResponseCycle = None  # type: ignore[assignment] # As uvicorn has it.
        self._lingered: int | None = None
        self._refusal = HTTPStatus.BAD_REQUEST

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Await the first request; one connection too many is told so, and closed.

        It takes the place of the one that has asked nothing for longest, if there is any: who
        holds connections without a use keeps nobody out.
        """
        super().connection_made(transport)
        if len(self.connections) > self.bounds.connections and not self._make_room():
            self._refuse(HTTPStatus.SERVICE_UNAVAILABLE)
            return
        self._newcomers[self] = None
        self._await_for(_spread(self.bounds.head_timeout_s))
        self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        """Watch no more."""
        if self._watching is not None:
            self._watching.cancel()
        self._newcomers.pop(self, None)
        # uvicorn tells the newest request, which may be one that waits behind this one.
        self._abandon()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Read on, within the bounds."""
        if self._lingered is not None:
            self._linger(len(data))
            return
        if self.transport.is_closing():
            return
        if not self._is_in_body:
            self._head_bytes += len(data)
            if self._is_kept or (self._until is None and self._is_idle()):
                self._is_kept = False
                self._await_for(self.bounds.head_timeout_s)
        super().data_received(data)
        # What is longer than a head may be was a head only if it is still not over.
        if self._head_bytes > self.bounds.head_bytes and self._is_idle():
            self._refuse(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)

    def on_message_begin(self) -> None:
        """Await the rest of the head."""
        super().on_message_begin()
        self._is_in_head = True
        self._field_bytes = 0
        if self._until is None:
            self._await_for(self.bounds.head_timeout_s)

    def on_url(self, url: bytes) -> None:
        """Take a piece of the address. Raises ValueError when it is too long."""
        super().on_url(url)
        if len(self.url) > self.bounds.head_bytes:
            self._refusal = HTTPStatus.REQUEST_URI_TOO_LONG
            raise ValueError("the address is too long")

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a header. Raises ValueError when they are too many or too long."""
        super().on_header(name, value)
        self._field_bytes += len(name) + len(value)
        if len(self.headers) > self.bounds.headers or self._field_bytes > self.bounds.head_bytes:
            self._refusal = HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE
            raise ValueError("too many headers, or too long ones")

    def on_headers_complete(self) -> None:
        """Begin to answer. Raises ValueError when for whom it is, or where it ends, is in doubt."""
        names, version = [name for name, _ in self.headers], self.parser.get_http_version()
        require_host(self.headers, self.url, version)
        if b"transfer-encoding" in names:
            require_chunked(self.headers, version)
        self._newcomers.pop(self, None)
        self._head_bytes = 0
        self._is_in_head = False
        self._is_in_body = not _BODY.isdisjoint(names)
        self._until = None
        super().on_headers_complete()

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: ASGI3Application) -> None:
        self._running = cycle
        offer(cycle)
        # Of a request that waited its turn we did not read the rest.
        if cycle is self.cycle and self._is_in_body:
            self._await_for(self.bounds.body_timeout_s)
        super()._start_asgi_task(cycle, app)

    def on_message_complete(self) -> None:
        """Await nothing until the answer is out."""
        self._is_in_body = False
        self._until = None
        super().on_message_complete()

    def on_response_complete(self) -> None:
        """Go on with the next request, unless this one was answered before its end."""
        withdraw(self._running)
        if self.pipeline or self.transport.is_closing():
            super().on_response_complete()
        elif self._is_in_body:
            self._begin_to_linger()
        else:
            self._keep()

    def send_400_response(self, msg: str) -> None:
        """Refuse what cannot be read."""
        del msg
        self._refuse(self._refusal)

    def handle_websocket_upgrade(self) -> None:
        """Leave the connection to the WebSocket, which has limits of its own."""
        self._until = None
        if self._watching is not None:
            self._watching.cancel()
        super().handle_websocket_upgrade()

    def _unsupported_upgrade_warning(self) -> None:
        # Whatever follows is in no language of ours.
        if self.cycle is not None:
            self.cycle.keep_alive = False
        self.flow.pause_reading()

    def _keep(self) -> None:
        """Leave the connection open for another request, as uvicorn does, without a timer."""
        self.server_state.total_requests += 1
        self.flow.resume_reading()
        # Of the next one a piece may be here already; then the rest of it is awaited.
        if not self._is_in_head:
            self._is_kept = True
            self._await_for(self.timeout_keep_alive)

    def _end_unused(self) -> None:
        """End what nobody uses; a peer that does not read the last answer is not waited for."""
        if self.transport.get_write_buffer_size():
            self.transport.abort()
        else:
            self.transport.close()

    def _is_answering(self) -> bool:
        return self._running is not None and not self._running.response_complete

    def _is_idle(self) -> bool:
        return not self._is_in_body and not self._is_answering()

    def _make_room(self) -> bool:
        oldest = next(iter(self._newcomers), None)
        if oldest is None:
            return False
        del self._newcomers[oldest]
        oldest.transport.abort()
        return True

    def _await_for(self, seconds: float) -> None:
        self._until = self.loop.time() + seconds

    def _watch(self) -> None:
        """Look from time to time: cheaper than a timer for each request."""
        now = self.loop.time()
        if self._until is not None and now >= self._until:
            self._time_out()
            return
        pause_s = _spread(self.bounds.head_timeout_s / 2)
        left_s = pause_s if self._until is None else self._until - now
        self._watching = self.loop.call_later(min(pause_s, left_s), self._watch)

    def _time_out(self) -> None:
        if self._is_kept:
            self._end_unused()
            return
        is_unasked = self._is_idle() and not self._head_bytes and not self._is_in_head
        if self._lingered is not None or is_unasked:
            # Nothing was asked: there is nothing to say.
            self.transport.abort()
            return
        self._refuse(HTTPStatus.REQUEST_TIMEOUT)

    def _refuse(self, status: HTTPStatus) -> None:
        """Say why, and end; never in the middle of an answer, or before one that is due."""
        if self.transport.is_closing():
            return
        if self._is_answering():
            if self._running is not self.cycle or not self._is_in_body:
                self._answer_no_more()
                return
            self._abandon()
            if self._running.response_started:
                self.transport.abort()
                return
        self.transport.write(_refused(status))
        self.transport.close()

    def _answer_no_more(self) -> None:
        """Finish what is being answered, and read nothing behind it."""
        self.pipeline.clear()
        self._running.keep_alive = False
        self._until = None
        self.flow.pause_reading()

    def _abandon(self) -> None:
        """Let what is being answered know that nobody is there."""
        if self._is_answering():
            withdraw(self._running)
            self._running.disconnected = True
            self._running.message_event.set()

    def _begin_to_linger(self) -> None:
        """Say that nothing more comes, and let the peer read that before the connection ends.

        Closed at once, the answer would be lost with what was not read: RFC 9112, 9.6.
        """
        self._lingered = 0
        self._await_for(LINGER_S)
        if self.transport.can_write_eof():
            self.transport.write_eof()
        self.flow.resume_reading()
        self._watch()

    def _linger(self, received: int) -> None:
        assert self._lingered is not None
        self._lingered += received
        if self._lingered > LINGER_BYTES:
            self.transport.abort()


def bounded(bounds: Bounds) -> Callable[..., Connection]:
    """Makes connections of these bounds; it can be sent to another process."""
    return partial(Connection, bounds=bounds, newcomers=OrderedDict())


def _spread(seconds: float) -> float:
    return seconds * random.uniform(1, SPREAD)  # noqa: S311 - No secret.


def _refused(status: HTTPStatus) -> bytes:
    text = status.phrase.encode()
    again = b"retry-after: 1\r\n" if status == HTTPStatus.SERVICE_UNAVAILABLE else b""
    return (
        b"HTTP/1.1 %d %b\r\n" % (status, text)
        + b"content-type: text/plain; charset=utf-8\r\n"
        + b"content-length: %d\r\n" % len(text)
        + b"x-content-type-options: nosniff\r\n"
        + again
        + b"connection: close\r\n\r\n"
        + text
    )
