"""The API as an ASGI application: the one place where its parts are put together."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import structlog
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.responses import RedirectResponse
from starlette.routing import Route

from resolvers.graph import core
from server import graphiql, health, logs, media, observed, parts
from server.graphql.endpoint import METHODS, Endpoint
from server.graphql.execution import Execution
from server.settings import Settings

log = structlog.get_logger("app")


def create_app(settings: Settings) -> Starlette:
    """The application; its connections open when it starts and close when it ends."""
    logs.configure(settings.log_format, settings.log_level)
    built = parts.build(settings)
    state = health.Health()
    endpoint = Endpoint(Execution(core), built)

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        missing = graphiql.missing()
        if missing:
            log.warning(missing)
        log.info("serving", api=f"{settings.api_url}/graphql", media=built.media_url)
        yield
        state.is_leaving = True
        built.passwords.close()
        await built.database.close()

    return Starlette(
        routes=[
            Route("/graphql", endpoint.answer, methods=list(METHODS)),
            Route("/", lambda _: RedirectResponse("/graphql")),
            media.route(built.objects),
            *health.routes(built, state),
            *graphiql.routes(),
        ],
        middleware=[
            Middleware(observed.Observed),
            # Tokens travel in a header that pages set themselves, never in a cookie, so any
            # origin may ask.
            Middleware(
                CORSMiddleware,
                allow_origins=["*"],
                allow_methods=METHODS,
                allow_headers=["Authorization", "Content-Type", observed.HEADER],
                expose_headers=[observed.HEADER, "Retry-After"],
                max_age=86_400,
            ),
        ],
        lifespan=lifespan,
    )
