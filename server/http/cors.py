"""Which pages may read answers: Starlette's CORS, at a fraction of its cost for each answer."""

from collections.abc import Collection
from functools import partial
from typing import Final

from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from server.http.starting import starting
from server.http.whole import Header

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
        await self.app(scope, receive, starting(send, partial(complete, self.said(origin))))

    def said(self, origin: bytes | None) -> list[Header]:
        """What an answer to a page of that origin says; None for whoever is no page."""
        if origin is None:
            return [_VARY]
        if self.allow_all_origins or not self.is_allowed_origin(origin.decode("latin-1")):
            return [*self._simple, _VARY]
        return [*self._simple, (b"access-control-allow-origin", origin), _VARY]


def complete(said: list[Header], start: Message) -> None:
    """Say it with the answer that begins so, in the place of what it says of the same."""
    names = {name for name, _ in said if name != _VARY[0]}
    start["headers"] = [header for header in start["headers"] if header[0] not in names] + said
