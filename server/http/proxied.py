"""For whom a proxy asks: uvicorn's reading of X-Forwarded-For, where there is anything to read."""

from typing import Final

from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

_FORWARDED: Final = frozenset({b"x-forwarded-for", b"x-forwarded-proto"})


class Proxied:
    """Looks whether the peer is a trusted proxy only if it says that it is one."""

    def __init__(self, app: ASGIApp, trusted: str) -> None:
        self._app = app
        self._believing = ProxyHeadersMiddleware(app, trusted)  # type: ignore[arg-type] # Of ASGI 3.

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, with the client's own address where a trusted proxy tells it."""
        says_nothing = _FORWARDED.isdisjoint([name for name, _ in scope.get("headers", ())])
        app = self._app if says_nothing else self._believing
        await app(scope, receive, send)  # type: ignore[arg-type] # As above.
