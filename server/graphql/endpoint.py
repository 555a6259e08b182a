"""The address of the API: GraphQL for programs, GraphiQL for browsers."""

from http import HTTPStatus
from typing import Final

import orjson
from graphql import located_error
from starlette.requests import Request
from starlette.responses import Response

from resolvers.context import Context, Parts
from server import graphiql, observed
from server.graphql import errors
from server.graphql.execution import Answer, Execution
from server.graphql.requests import BadRequest, asked

JSON: Final = "application/json"
GRAPHQL_JSON: Final = "application/graphql-response+json"
METHODS: Final = ("GET", "POST")
RETRY: Final = {"Retry-After": "1"}


class Endpoint:
    """Answers `/graphql`."""

    def __init__(self, execution: Execution, parts: Parts) -> None:
        self._execution = execution
        self._parts = parts

    async def answer(self, request: Request) -> Response:
        """The answer to one HTTP request."""
        accepted = _accepted(request)
        if accepted is None:
            if request.method != "POST" and "text/html" in request.headers.get("accept", ""):
                return graphiql.page()
            return _response(
                errors.refused(f"Accept must admit {GRAPHQL_JSON} or {JSON}"),
                JSON,
                HTTPStatus.NOT_ACCEPTABLE,
            )
        try:
            answer = await self._executed(request)
        except BadRequest as error:
            observed.operation("none", errors.BAD_INPUT)
            headers = {"Allow": "POST"} if error.status == HTTPStatus.METHOD_NOT_ALLOWED else {}
            return _response(errors.refused(str(error)), accepted, error.status, headers)
        except Exception as error:  # noqa: BLE001 - What is unexpected is logged there.
            return _failed(error, accepted)
        observed.operation(answer.operation, answer.outcome)
        if answer.outcome == errors.UNAVAILABLE:
            return _response(answer.body, accepted, HTTPStatus.SERVICE_UNAVAILABLE, RETRY)
        is_refused = accepted == GRAPHQL_JSON and not answer.was_executed
        return _response(
            answer.body, accepted, HTTPStatus.BAD_REQUEST if is_refused else HTTPStatus.OK
        )

    async def _executed(self, request: Request) -> Answer:
        operation = await asked(request)
        caller = await self._parts.callers.of(request.headers.get("authorization"))
        context = Context(self._parts, caller)
        return await self._execution.answer(operation, context, observed.request_id())


def _accepted(request: Request) -> str | None:
    """The media type to answer with; None when the client wants neither of ours."""
    header = request.headers.get("accept", "*/*")
    wanted = [entry.partition(";")[0].strip().lower() for entry in header.split(",")]
    if GRAPHQL_JSON in wanted:
        return GRAPHQL_JSON
    if JSON in wanted or "application/*" in wanted:
        return JSON
    # A browser's address bar sends text/html and */* together, and wants a page.
    if "*/*" in wanted and "text/html" not in wanted:
        return JSON
    return None


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
