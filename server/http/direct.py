"""The short way to the address that nearly every request asks for."""

from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send


class Direct:
    """Passes requests for one route straight to it; the router looks for all others."""

    def __init__(self, app: ASGIApp, route: Route) -> None:
        self._app = app
        self._route = route
        self._methods = frozenset(route.methods or ())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer as the router would have it answered."""
        is_direct = (
            scope["type"] == "http"
            and scope["path"] == self._route.path
            and scope["method"] in self._methods
        )
        if not is_direct:
            await self._app(scope, receive, send)
            return
        scope["route"] = self._route
        await self._route.app(scope, receive, send)
