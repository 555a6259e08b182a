"""The address of the API: GraphQL for programs, GraphiQL for browsers."""

from http import HTTPStatus
from typing import Final, Literal

import orjson
from graphql import located_error
from starlette.requests import Request
from starlette.responses import Response

from resolvers.context import Context, Parts
from server import graphiql, observed
from server.auth import clients
from server.graphql import errors, idempotency, sse
from server.graphql.accepted import (
    EVENT_STREAM,
    GRAPHQL_JSON,
    HTML,
    JSON,
    Accepted,
    accepted,
)
from server.graphql.answers import Answer
from server.graphql.execution import Execution
from server.graphql.frames import PROTOCOL
from server.graphql.prepared import Prepared
from server.graphql.requests import BadRequest, asked
from server.graphql.streams import Asker, Streams
from server.rates.limited import Passed, RateLimited

GetQueries = Literal["allow", "guarded", "off"]

# A page of another origin can send it only after a preflight.
PREFLIGHT: Final = "GraphQL-Require-Preflight"
METHODS: Final = ("GET", "POST")
RETRY: Final = {"Retry-After": "1"}
# As the draft of the header asks for, whatever the media type.
KEY_STATUSES: Final = {
    idempotency.BAD: HTTPStatus.BAD_REQUEST,
    idempotency.REUSED: HTTPStatus.UNPROCESSABLE_ENTITY,
    idempotency.IN_USE: HTTPStatus.CONFLICT,
}


class Endpoint:
    """Answers `/graphql`."""

    def __init__(
        self,
        execution: Execution,
        parts: Parts,
        streams: Streams,
        *,
        most_running: int = 64,
        get_queries: GetQueries = "allow",
    ) -> None:
        self._execution = execution
        self._parts = parts
        self._streams = streams
        self._get_queries = get_queries
        self._most_running = most_running
        self._running = 0

    async def answer(self, request: Request) -> Response:
        """The answer to one HTTP request."""
        wanted = accepted(request.headers.get("accept"))
        if wanted.media_type is None and not wanted.event_stream:
            return _not_acceptable(request, self._execution.unexplorable)
        media_type = wanted.media_type or JSON
        if self._running >= self._most_running:
            return _busy(media_type)
        asker = Asker(request.headers.get("authorization"), clients.of(request))
        try:
            operation, passed = await self._admitted(request, asker)
            response = await self._response(operation, wanted, asker, passed)
        except RateLimited as error:
            return _limited(error, media_type)
        except BadRequest as error:
            return _bad(error, media_type)
        except Exception as error:  # noqa: BLE001 - What is unexpected is logged there.
            return _failed(error, media_type)
        response.raw_headers.extend(passed.raw_headers)
        return response

    async def _admitted(self, request: Request, asker: Asker) -> tuple[Prepared, Passed]:
        """What is asked for, and charged. Raises BadRequest, charged as well, or RateLimited."""
        try:
            if request.method == "GET":
                self._require_get(request)
            operation = await self._execution.prepared(await asked(request))
        except BadRequest:
            await self._streams.admit(asker, None)
            raise
        return operation, await self._streams.admit(asker, operation)

    def _require_get(self, request: Request) -> None:
        if self._get_queries == "off":
            raise BadRequest("send queries by POST", HTTPStatus.METHOD_NOT_ALLOWED)
        if self._get_queries == "guarded" and PREFLIGHT not in request.headers:
            raise BadRequest(f"a query by GET needs the header {PREFLIGHT}")

    async def _response(
        self, operation: Prepared, wanted: Accepted, asker: Asker, passed: Passed
    ) -> Response:
        if self._is_streamed(operation, wanted):
            answers = self._streams.answers(
                operation, asker, observed.request_id(), passed.standing
            )
            return sse.response(self._streams, answers, asker.authorization)
        self._running += 1
        try:
            answer = await self._executed(operation, asker, passed)
        finally:
            self._running -= 1
        return _shown(answer, wanted.media_type or JSON)

    def _is_streamed(self, operation: Prepared, wanted: Accepted) -> bool:
        if not operation.is_subscription:
            return wanted.prefers_stream
        if not wanted.event_stream:
            raise BadRequest(
                f"a subscription has many answers: send Accept: {EVENT_STREAM}, "
                f"or use a WebSocket with the subprotocol {PROTOCOL}",
                HTTPStatus.NOT_ACCEPTABLE,
            )
        return True

    async def _executed(self, operation: Prepared, asker: Asker, passed: Passed) -> Answer:
        # A refusal is not worth a statement.
        unexecuted = self._execution.unexecuted(operation, observed.request_id())
        if unexecuted is not None:
            return unexecuted
        caller = await self._parts.callers.of(asker.authorization)
        context = Context(self._parts, caller, asker.client, passed.standing)
        return await self._execution.answer(operation, context, observed.request_id())


def _not_acceptable(request: Request, unexplorable: str | None) -> Response:
    """A page for a browser; for anyone else what Accept should be."""
    if request.method != "POST" and HTML in request.headers.get("accept", ""):
        return graphiql.page(unexplorable)
    return _response(
        errors.refused(f"Accept must admit {GRAPHQL_JSON}, {JSON} or {EVENT_STREAM}"),
        JSON,
        HTTPStatus.NOT_ACCEPTABLE,
    )


def _shown(answer: Answer, media_type: str) -> Response:
    observed.operation(answer.operation, answer.outcome)
    if answer.outcome == errors.UNAVAILABLE:
        return _response(answer.body, media_type, HTTPStatus.SERVICE_UNAVAILABLE, RETRY)
    if answer.outcome == errors.DEADLINE:
        return _response(answer.body, media_type, HTTPStatus.GATEWAY_TIMEOUT)
    if answer.outcome in KEY_STATUSES:
        again = RETRY if answer.outcome == idempotency.IN_USE else {}
        return _response(answer.body, media_type, KEY_STATUSES[answer.outcome], again)
    is_refused = media_type == GRAPHQL_JSON and not answer.was_executed
    status = HTTPStatus.BAD_REQUEST if is_refused else HTTPStatus.OK
    headers = {idempotency.REPLAYED: "true"} if answer.was_replayed else {}
    return _response(answer.body, media_type, status, headers)


def _bad(error: BadRequest, media_type: str) -> Response:
    observed.operation("none", errors.BAD_INPUT)
    headers = {"Allow": "POST"} if error.status == HTTPStatus.METHOD_NOT_ALLOWED else {}
    return _response(errors.refused(str(error)), media_type, error.status, headers)


def _busy(media_type: str) -> Response:
    """Said at once: a place in a queue without end would be worth nothing."""
    observed.operation("none", errors.UNAVAILABLE)
    body = errors.refused("too much is asked for at the moment; try again", errors.UNAVAILABLE)
    return _response(body, media_type, HTTPStatus.SERVICE_UNAVAILABLE, RETRY)


def _limited(error: RateLimited, media_type: str) -> Response:
    observed.operation("none", errors.RATE_LIMITED)
    headers = error.passed.headers | {"Retry-After": str(error.retry_in_s)}
    return _response(errors.limited(error), media_type, HTTPStatus.TOO_MANY_REQUESTS, headers)


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
