"""What is seen from outside of each request: its id, its line in the log, its metrics."""

import random
import re
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import cache
from time import perf_counter
from typing import Final

import structlog
from prometheus_client import Counter, Histogram
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from server import logs
from storage.database import StatementCount, statements

log = logs.Lines("request")

HEADER: Final = "X-Request-Id"
_HEADER: Final = HEADER.lower().encode()
QUIET: Final = frozenset({"/livez", "/readyz", "/metrics"})
# What every answer says that does not say otherwise: it is what it claims to be, in no frame.
SECURITY: Final = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
}
_SECURITY: Final = tuple((name.encode(), value.encode()) for name, value in SECURITY.items())
_SECURED: Final = frozenset(name for name, _ in _SECURITY)
_GIVEN_ID: Final = re.compile(rb"[A-Za-z0-9_.-]{8,64}")
_ID_BITS: Final = 64

OPERATIONS: Final = Counter(
    "picshare_graphql_operations_total",
    "GraphQL operations by their root field and outcome.",
    ["operation", "outcome"],
)
STATEMENTS: Final = Histogram(
    "picshare_graphql_statements",
    "SQL statements of one GraphQL operation.",
    ["operation"],
    buckets=(0, 1, 2, 3, 4, 5, 6, 8, 10, 15, 20, 50),
)
SECONDS: Final = Histogram(
    "picshare_http_request_seconds",
    "Time from a request's first byte to its answer's last.",
    ["route"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.5, 1, 2, 5),
)
# The library looks for the series of given labels slowly; they are no more than there are series.
_operations = cache(OPERATIONS.labels)
_statements = cache(STATEMENTS.labels)
_seconds = cache(SECONDS.labels)


@dataclass(slots=True)
class _Request:
    id: str
    began: float = field(default_factory=perf_counter)
    status: int = 0
    facts: dict[str, object] = field(default_factory=dict)


_current: ContextVar[_Request | None] = ContextVar("request", default=None)


def request_id() -> str:
    """The id of the request being answered; empty outside of one."""
    current = _current.get()
    return current.id if current else ""


def operation(name: str, outcome: str) -> None:
    """Note which GraphQL operation the request was and how it went."""
    counter = statements.get()
    total = counter.total if counter else 0
    _operations(name, outcome).inc()
    _statements(name).observe(total)
    current = _current.get()
    if current is not None:
        current.facts = {"operation": name, "outcome": outcome, "statements": total}


class Observed:
    """Wraps the application: an id and a log line for each HTTP request."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, and tell of it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request = _Request(_id(scope["headers"]))
        _current.set(request)
        statements.set(StatementCount())
        structlog.contextvars.bind_contextvars(request_id=request.id)

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                request.status = message["status"]
                _complete(message["headers"], request.id)
            await send(message)

        try:
            await self._app(scope, receive, sending)
        finally:
            _tell(scope, request)


def _complete(headers: list[tuple[bytes, bytes]], id: str) -> None:
    said = {name for name, _ in headers}
    if said.isdisjoint(_SECURED):
        headers += _SECURITY
    else:
        headers += [header for header in _SECURITY if header[0] not in said]
    headers.append((_HEADER, id.encode()))


def _id(headers: list[tuple[bytes, bytes]]) -> str:
    given = next((value for name, value in headers if name == _HEADER), None)
    if given is not None and _GIVEN_ID.fullmatch(given):
        return given.decode()
    return f"{random.getrandbits(_ID_BITS):0{_ID_BITS // 4}x}"


def _tell(scope: Scope, request: _Request) -> None:
    seconds = perf_counter() - request.began
    route = getattr(scope.get("route"), "path", "none")
    _seconds(route).observe(seconds)
    if route in QUIET:
        return
    log.tell(
        "request",
        {
            "request_id": request.id,
            "method": scope["method"],
            "route": route,
            "status": request.status,
            "ms": round(seconds * 1000, 1),
            **request.facts,
        },
    )
