"""The address of the API: GraphQL for programs, GraphiQL for browsers."""

from collections.abc import Awaitable
from http import HTTPStatus
from typing import Final, Literal

from graphql import located_error
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from resolvers.context import Caller, Context, Parts
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
from server.graphql.crowds import Full
from server.graphql.execution import Execution
from server.graphql.frames import PROTOCOL
from server.graphql.messages import Incoming, Reply, json_reply
from server.graphql.prepared import Prepared
from server.graphql.requests import BadRequest, asked
from server.graphql.statuses import EDITIONS, Edition, Statuses
from server.graphql.streams import Asker, Streams
from server.rates.limited import Passed, RateLimited

GetQueries = Literal["allow", "guarded", "off"]

# A page of another origin can send it only after a preflight.
PREFLIGHT: Final = "GraphQL-Require-Preflight"
_PREFLIGHT: Final = PREFLIGHT.lower().encode()
PATH: Final = "/graphql"
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

    path: Final = PATH
    methods: Final = frozenset({*METHODS, "HEAD"})

    def __init__(
        self,
        execution: Execution,
        parts: Parts,
        streams: Streams,
        *,
        most_running: int = 32,
        get_queries: GetQueries = "allow",
        edition: Edition = "audited",
    ) -> None:
        self._execution = execution
        self._parts = parts
        self._streams = streams
        self._get_queries = get_queries
        self._statuses = EDITIONS[edition]
        self._most_running = most_running
        # Queries and mutations apart: a store that is slow for the one does not stop the other.
        self._running = [0, 0]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one HTTP request."""
        reply = await self.answer(Incoming(scope, receive))
        await reply(scope, receive, send)

    async def answer(self, request: Incoming) -> Reply | Response:
        """The answer to one HTTP request, to be sent."""
        wanted = accepted(request.header(b"accept"))
        if wanted.media_type is None and not wanted.event_stream:
            return _not_acceptable(request, self._execution.unexplorable)
        failed_type = self._statuses.failed_type(wanted.media_type)
        client = clients.of(request.scope, request.header(b"user-agent"))
        asker = Asker(request.header(b"authorization"), client)
        try:
            self._require_room(min(self._running))
            operation, passed = await self._admitted(request, asker)
            response = await self._response(operation, wanted, asker, passed)
        except Full:
            return _busy(failed_type)
        except RateLimited as error:
            return _limited(error, failed_type)
        except BadRequest as error:
            return _bad(error, failed_type, self._statuses.of_request(error))
        except Exception as error:  # noqa: BLE001 - What is unexpected is logged there.
            return _failed(error, failed_type)
        response.raw_headers.extend(passed.raw_headers)
        return response

    async def _admitted(self, request: Incoming, asker: Asker) -> tuple[Prepared, Passed]:
        """What is asked for, and charged. Raises BadRequest, charged as well, or RateLimited."""
        try:
            if request.method == "GET":
                self._require_get(request)
            operation = await self._execution.prepared(await asked(request))
        except BadRequest:
            await self._streams.admit(asker, None)
            raise
        return operation, await self._streams.admit(asker, operation)

    def _require_get(self, request: Incoming) -> None:
        if self._get_queries == "off":
            raise BadRequest("send queries by POST", HTTPStatus.METHOD_NOT_ALLOWED)
        if self._get_queries == "guarded" and request.header(_PREFLIGHT) is None:
            raise BadRequest(f"a query by GET needs the header {PREFLIGHT}")

    async def _response(
        self, operation: Prepared, wanted: Accepted, asker: Asker, passed: Passed
    ) -> Reply | Response:
        if self._is_streamed(operation, wanted):
            answers = self._streams.answers(
                operation, asker, observed.request_id(), passed.standing
            )
            return sse.response(self._streams, answers, asker.authorization)
        self._require_room(self._running[operation.is_write])
        self._running[operation.is_write] += 1
        try:
            answer = await self._executed(operation, asker, passed)
        finally:
            self._running[operation.is_write] -= 1
        return _shown(answer, wanted.media_type or JSON, self._statuses)

    def _require_room(self, running: int) -> None:
        if running >= self._most_running:
            raise Full

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
        callers, header = self._parts.callers, asker.authorization
        if operation.is_write:
            return await self._told(operation, await callers.of(header), asker, passed)
        claimed = callers.claimed(header)
        answer = await self._told(operation, claimed, asker, passed)
        caller = callers.confirmed(claimed) or await callers.of(header)
        if caller.session == claimed.session:
            return answer
        # What was read for a session that is over is told to nobody.
        return await self._told(operation, caller, asker, passed)

    def _told(
        self, operation: Prepared, caller: Caller, asker: Asker, passed: Passed
    ) -> Awaitable[Answer]:
        """What that caller is told."""
        context = Context(self._parts, caller, asker.client, passed.standing)
        return self._execution.answer(operation, context, observed.request_id())


def _not_acceptable(request: Incoming, unexplorable: str | None) -> Reply | Response:
    """A page for a browser; for anyone else what Accept should be."""
    if request.method != "POST" and HTML in (request.header(b"accept") or ""):
        return graphiql.page(unexplorable)
    return json_reply(
        errors.refused(f"Accept must admit {GRAPHQL_JSON}, {JSON} or {EVENT_STREAM}"),
        JSON,
        HTTPStatus.NOT_ACCEPTABLE,
    )


def _shown(answer: Answer, media_type: str, statuses: Statuses) -> Reply:
    observed.operation(answer.operation, answer.outcome)
    failed_type = statuses.failed_type(media_type)
    if answer.outcome == errors.UNAVAILABLE and answer.is_empty:
        # With data, even null, the status would have to be 2xx.
        body = {name: value for name, value in answer.body.items() if name != "data"}
        return json_reply(body, failed_type, HTTPStatus.SERVICE_UNAVAILABLE, RETRY)
    if answer.outcome == errors.DEADLINE and not answer.was_executed:
        return json_reply(answer.body, failed_type, HTTPStatus.GATEWAY_TIMEOUT)
    if answer.outcome in KEY_STATUSES:
        again = RETRY if answer.outcome == idempotency.IN_USE else {}
        return json_reply(answer.body, failed_type, KEY_STATUSES[answer.outcome], again)
    status = statuses.of_answer(answer, media_type)
    shown_type = media_type if status < HTTPStatus.BAD_REQUEST else failed_type
    headers = {idempotency.REPLAYED: "true"} if answer.was_replayed else {}
    return json_reply(answer.body, shown_type, status, headers)


def _bad(error: BadRequest, media_type: str, status: int) -> Reply:
    observed.operation("none", errors.BAD_INPUT)
    headers = {"Allow": "POST"} if status == HTTPStatus.METHOD_NOT_ALLOWED else {}
    return json_reply(errors.refused(str(error)), media_type, status, headers)


def _busy(media_type: str) -> Reply:
    """Said at once: a place in a queue without end would be worth nothing."""
    observed.operation("none", errors.UNAVAILABLE)
    body = errors.refused("too much is asked for at the moment; try again", errors.UNAVAILABLE)
    return json_reply(body, media_type, HTTPStatus.SERVICE_UNAVAILABLE, RETRY)


def _limited(error: RateLimited, media_type: str) -> Reply:
    observed.operation("none", errors.RATE_LIMITED)
    headers = error.passed.headers | {"Retry-After": str(error.retry_in_s)}
    return json_reply(errors.limited(error), media_type, HTTPStatus.TOO_MANY_REQUESTS, headers)


def _failed(error: Exception, accepted: str) -> Reply:
    """The answer when something broke before or beside the resolvers."""
    shown = errors.shown([located_error(error)], observed.request_id())
    code = shown[0]["extensions"]["code"]
    observed.operation("none", code)
    if code == errors.UNAVAILABLE:
        return json_reply({"errors": shown}, accepted, HTTPStatus.SERVICE_UNAVAILABLE, RETRY)
    return json_reply({"errors": shown}, accepted, HTTPStatus.INTERNAL_SERVER_ERROR)
