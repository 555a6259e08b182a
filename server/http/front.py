"""What every request comes to first, and the short way to the address that nearly all ask for.

That one is answered past Starlette's middlewares and router. What surrounds an answer is the same
for all: its id, what pages may do with it, its line in the log.
"""

from collections.abc import Awaitable
from contextlib import AbstractAsyncContextManager
from functools import partial
from typing import Final, Protocol

from starlette.applications import Starlette
from starlette.responses import Response
from starlette.types import Receive, Scope, Send
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from server.graphql.messages import Incoming, Reply
from server.http import cors
from server.http.cors import Cors
from server.http.starting import starting
from server.http.whole import Header, whole
from server.observed import Observed, Seen

_FORWARDED: Final = frozenset({b"x-forwarded-for", b"x-forwarded-proto"})
_ORIGIN: Final = b"origin"


class Answering(Protocol):
    """Answers the requests of one address."""

    @property
    def path(self) -> str: ...

    @property
    def methods(self) -> frozenset[str]: ...

    async def answer(self, request: Incoming) -> Reply | Response: ...


class Front:
    """The whole application: one endpoint, and whatever else there is."""

    def __init__(
        self, endpoint: Answering, others: Starlette, pages: Cors, *, trusted_proxies: str
    ) -> None:
        self._endpoint = endpoint
        self._pages = pages
        self._others = others
        self._observed = Observed(pages)
        self._believing = ProxyHeadersMiddleware(self._way, trusted_proxies)  # type: ignore[arg-type] # Of ASGI 3.

    def lifespan(self) -> AbstractAsyncContextManager[object]:
        """Open what is needed for as long as requests are answered, as servers have it done."""
        return self._others.router.lifespan_context(self._others)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer; whether the peer is a trusted proxy is asked only if it says that it is one."""
        if _FORWARDED.isdisjoint([name for name, _ in scope.get("headers", ())]):
            await self._way(scope, receive, send)
        else:
            await self._believing(scope, receive, send)  # type: ignore[arg-type] # As above.

    def _way(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        endpoint = self._endpoint
        is_short = (
            scope["type"] == "http"
            and scope["path"] == endpoint.path
            and scope["method"] in endpoint.methods
        )
        way = self._short if is_short else self._observed
        return way(scope, receive, send)

    async def _short(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Incoming(scope, receive)
        seen = Seen.begun(request.headers)
        said = self._pages.said(request.headers.get(_ORIGIN))
        try:
            answer = await self._endpoint.answer(request)
            if not isinstance(answer, Reply):
                say = partial(cors.complete, said)
                await answer(scope, receive, starting(send, say, seen.complete))
            elif not _answered(scope, _surrounded(answer, said, seen)):
                await answer(scope, receive, send)
        finally:
            seen.tell(scope["method"], self._endpoint.path)


def _surrounded(reply: Reply, said: list[Header], seen: Seen) -> Reply:
    """The reply, which says nothing of the kind itself, with what all answers say."""
    seen.status = reply.status
    reply.raw_headers += said
    reply.raw_headers += seen.headers()
    return reply


def _answered(scope: Scope, reply: Reply) -> bool:
    """Whether it was sent in one piece."""
    answer = whole(scope)
    return answer is not None and answer(reply.status, reply.raw_headers, reply.body)
