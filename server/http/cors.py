"""Which pages may read answers: Starlette's CORS, at a fraction of its cost for each answer."""

from collections.abc import Collection
from typing import Final

from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

Header = tuple[bytes, bytes]

# Whoever keeps answers must know that they differ by it, also those that went to no page.
_VARY: Final[Header] = (b"vary", b"Origin")


class Cors(CORSMiddleware):
    """What is asked before a request is answered by Starlette; what answers say is made here."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        allow_origins: Collection[str],
        allow_methods: Collection[str],
        allow_headers: Collection[str],
        expose_headers: Collection[str],
        max_age: int,
    ) -> None:
        super().__init__(
            app,
            allow_origins,
            allow_methods,
            allow_headers,
            expose_headers=expose_headers,
            max_age=max_age,
        )
        self._simple: list[Header] = [
            (name.lower().encode(), value.encode()) for name, value in self.simple_headers.items()
        ]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or pass on and say in the answer who may read it."""
        if scope["type"] != "http" or scope["method"] == "OPTIONS":
            await super().__call__(scope, receive, send)
            return
        origin = next((value for name, value in scope["headers"] if name == b"origin"), None)
        said = [] if origin is None else self._said(origin)

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*_without(message["headers"], said), *said, _VARY]
            await send(message)

        await self.app(scope, receive, sending)

    def _said(self, origin: bytes) -> list[Header]:
        if self.allow_all_origins or not self.is_allowed_origin(origin.decode("latin-1")):
            return self._simple
        return [*self._simple, (b"access-control-allow-origin", origin)]


def _without(headers: list[Header], said: list[Header]) -> list[Header]:
    names = {name for name, _ in said}
    return [header for header in headers if header[0] not in names] if names else headers
