"""The API as an ASGI application: the one place where its parts are put together."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import structlog
from starlette.applications import Starlette
from starlette.responses import RedirectResponse
from starlette.routing import Route, WebSocketRoute
from starlette.types import ASGIApp

from resolvers.graph import core
from server import graphiql, health, leaving, logs, media, observed, parts
from server.auth.watch import Watch
from server.graphql.endpoint import METHODS, PATH, PREFLIGHT, Endpoint
from server.graphql.execution import Execution
from server.graphql.idempotency import REPLAYED
from server.graphql.requests import COST_HEADER, KEY_HEADER
from server.graphql.streams import Streams
from server.graphql.websocket import Sockets
from server.http.cors import Cors
from server.http.front import Front
from server.hugepages import HugePages
from server.rates.limited import LIMIT, POLICY
from server.settings import Settings
from server.stalls import Stalls
from server.webhooks import callback

log = structlog.get_logger("app")


def create_app(settings: Settings, *, is_served: bool = False) -> Front:
    """The application; its connections open when it starts and close when it ends.

    *is_served*: the process ends by signals, and announces it before.
    """
    logs.configure(settings.log_format, settings.log_level)
    built = parts.build(settings)
    state = health.Health()
    execution = Execution(
        core, parts.limits(settings), parts.persisted(settings), parts.once(settings)
    )
    watch = Watch(built.database, parts.tokens(settings))
    gate = parts.gate(settings)
    stalled, huge_pages = Stalls(), HugePages()
    streams = Streams(execution, built, watch, gate)
    endpoint = Endpoint(
        execution,
        built,
        streams,
        most_running=settings.max_running,
        get_queries=settings.get_queries,
        edition=settings.graphql_over_http,
    )

    def leave() -> None:
        state.leave()
        asyncio.get_running_loop().call_later(settings.drain_s, streams.end)

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        missing = graphiql.missing()
        if missing:
            log.warning(missing)
        if is_served:
            leaving.announce(leave, settings.drain_s)
            stalled.watch()
            huge_pages.watch()
        log.info("serving", api=f"{settings.api_url}/graphql", media=settings.public_media_url)
        yield
        state.leave()
        stalled.close()
        huge_pages.close()
        execution.close()
        built.passwords.close()
        await watch.close()
        await gate.close()
        await built.wakeups.close()
        await built.database.close()

    others = Starlette(
        routes=[
            # Reached by methods that it does not have.
            Route(PATH, endpoint, methods=list(METHODS)),
            WebSocketRoute(PATH, Sockets(streams, parts.sockets(settings)).serve),
            Route("/", lambda _: RedirectResponse(PATH)),
            media.public(built.objects),
            media.avatars(built.objects),
            media.restricted(built.objects, parts.addresses(settings)),
            *callback.routes(built.database, parts.signer(settings)),
            *health.routes(built, state),
            *graphiql.routes(),
        ],
        lifespan=lifespan,
    )
    return Front(
        endpoint, others, _pages(others, settings), trusted_proxies=settings.trusted_proxies
    )


def _pages(app: ASGIApp, settings: Settings) -> Cors:
    """What pages of other origins may ask and read."""
    # Tokens travel in a header that pages set themselves, never in a cookie, so any origin may
    # ask unless the settings name some.
    return Cors(
        app,
        allow_origins=settings.origins,
        allow_methods=METHODS,
        allow_headers=[
            "Authorization",
            "Content-Type",
            observed.HEADER,
            COST_HEADER,
            KEY_HEADER,
            PREFLIGHT,
        ],
        expose_headers=[observed.HEADER, REPLAYED, "Retry-After", LIMIT, POLICY],
        max_age=86_400,
    )
