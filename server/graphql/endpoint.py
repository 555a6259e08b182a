"""The address of the API: GraphQL for programs, GraphiQL for browsers."""

from http import HTTPStatus
from typing import Final

import orjson
from graphql import located_error
from starlette.requests import Request
from starlette.responses import Response

from resolvers.context import Context, Parts
from server import graphiql, observed
from server.graphql import errors, sse
from server.graphql.accepted import (
    EVENT_STREAM,
    GRAPHQL_JSON,
    HTML,
    JSON,
    Accepted,
    accepted,
)
from server.graphql.execution import Answer, Execution
from server.graphql.frames import PROTOCOL
from server.graphql.requests import Asked, BadRequest, asked
from server.graphql.streams import Streams

METHODS: Final = ("GET", "POST")
RETRY: Final = {"Retry-After": "1"}


class Endpoint:
    """Answers `/graphql`."""

    def __init__(self, execution: Execution, parts: Parts, streams: Streams) -> None:
        self._execution = execution
        self._parts = parts
        self._streams = streams

    async def answer(self, request: Request) -> Response:
        """The answer to one HTTP request."""
        wanted = accepted(request.headers.get("accept"))
        if wanted.media_type is None and not wanted.event_stream:
            return _not_acceptable(request)
        media_type = wanted.media_type or JSON
        try:
            operation = await asked(request)
            if self._is_streamed(operation, wanted):
                authorization = request.headers.get("authorization")
                return sse.response(self._streams, operation, authorization, observed.request_id())
            return _shown(await self._executed(operation, request), media_type)
        except BadRequest as error:
            return _bad(error, media_type)
        except Exception as error:  # noqa: BLE001 - What is unexpected is logged there.
            return _failed(error, media_type)

    def _is_streamed(self, operation: Asked, wanted: Accepted) -> bool:
        if not self._execution.is_subscription(operation):
            return wanted.prefers_stream
        if not wanted.event_stream:
            raise BadRequest(
                f"a subscription has many answers: send Accept: {EVENT_STREAM}, "
                f"or use a WebSocket with the subprotocol {PROTOCOL}",
                HTTPStatus.NOT_ACCEPTABLE,
            )
        return True

    async def _executed(self, operation: Asked, request: Request) -> Answer:
        caller = await self._parts.callers.of(request.headers.get("authorization"))
        context = Context(self._parts, caller)
        return await self._execution.answer(operation, context, observed.request_id())


def _not_acceptable(request: Request) -> Response:
    """A page for a browser; for anyone else what Accept should be."""
    if request.method != "POST" and HTML in request.headers.get("accept", ""):
        return graphiql.page()
    return _response(
        errors.refused(f"Accept must admit {GRAPHQL_JSON}, {JSON} or {EVENT_STREAM}"),
        JSON,
        HTTPStatus.NOT_ACCEPTABLE,
    )


def _shown(answer: Answer, media_type: str) -> Response:
    observed.operation(answer.operation, answer.outcome)
    if answer.outcome == errors.UNAVAILABLE:
        return _response(answer.body, media_type, HTTPStatus.SERVICE_UNAVAILABLE, RETRY)
    is_refused = media_type == GRAPHQL_JSON and not answer.was_executed
    return _response(
        answer.body, media_type, HTTPStatus.BAD_REQUEST if is_refused else HTTPStatus.OK
    )


def _bad(error: BadRequest, media_type: str) -> Response:
    observed.operation("none", errors.BAD_INPUT)
    headers = {"Allow": "POST"} if error.status == HTTPStatus.METHOD_NOT_ALLOWED else {}
    return _response(errors.refused(str(error)), media_type, error.status, headers)


def _failed(error: Exception, accepted: str) -> Response:
    """The answer when something broke before or beside the resolvers."""
    shown = errors.shown([located_error(error)], observed.request_id())
    code = shown[0]["extensions"]["code"]
    observed.operation("none", code)
    if code == errors.UNAVAILABLE:
        return _response({"errors": shown}, accepted, HTTPStatus.SERVICE_UNAVAILABLE, RETRY)
    return _response({"errors": shown}, accepted, HTTPStatus.INTERNAL_SERVER_ERROR)


def _response(
    body: object, media_type: str, status: int, headers: dict[str, str] | None = None
) -> Response:
    return Response(
        orjson.dumps(body),
        status,
        {"Cache-Control": "no-store", "Vary": "Accept", **(headers or {})},
        f"{media_type}; charset=utf-8",
    )
