"""What is seen from outside of each request: its id, its line in the log, its metrics."""

import random
import re
from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import cache
from time import perf_counter
from typing import Final, Self

from prometheus_client import Counter, Histogram
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from server import logs
from server.http.starting import starting
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
class Seen:
    """One HTTP request, from its begin until it is told of."""

    id: str
    began: float = field(default_factory=perf_counter)
    status: int = 0
    facts: dict[str, object] = field(default_factory=dict)

    @classmethod
    def begun(cls, headers: Mapping[bytes, bytes]) -> Self:
        """The request of this task from here on; a client may give it an id."""
        seen = cls(_id(headers.get(_HEADER)))
        _current.set(seen)
        logs.request_id.set(seen.id)
        statements.set(StatementCount())
        return seen

    def headers(self) -> list[tuple[bytes, bytes]]:
        """What is said with every answer."""
        return [*_SECURITY, (_HEADER, self.id.encode())]

    def complete(self, start: Message) -> None:
        """Say it with the answer that begins so, unless that says otherwise."""
        self.status = start["status"]
        said = {name for name, _ in start["headers"]}
        start["headers"] += [header for header in self.headers() if header[0] not in said]

    def tell(self, method: str, route: str) -> None:
        """Count it and write its line, when the answer is out."""
        seconds = perf_counter() - self.began
        _seconds(route).observe(seconds)
        if route in QUIET or not log.is_wanted():
            return
        log.tell(
            "request",
            {
                "request_id": self.id,
                "method": method,
                "route": route,
                "status": self.status,
                "ms": round(seconds * 1000, 1),
                **self.facts,
            },
        )


_current: ContextVar[Seen | None] = ContextVar("seen", default=None)


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
    """Wraps an application: an id and a log line for each HTTP request."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, and tell of it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        seen = Seen.begun(dict(reversed(scope["headers"])))
        try:
            await self._app(scope, receive, starting(send, seen.complete))
        finally:
            seen.tell(scope["method"], getattr(scope.get("route"), "path", "none"))


def _id(given: bytes | None) -> str:
    if given is not None and _GIVEN_ID.fullmatch(given):
        return given.decode()
    return f"{random.getrandbits(_ID_BITS):0{_ID_BITS // 4}x}"
