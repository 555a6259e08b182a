"""From an HTTP request to the operation it asks for.

Source: the GraphQL over HTTP specification, https://graphql.github.io/graphql-over-http/draft/.
"""

from dataclasses import dataclass
from typing import Any, Final

import orjson
from starlette.requests import ClientDisconnect, Request

MAX_BODY_BYTES: Final = 128 * 1024
MAX_DEPTH: Final = 64


class BadRequest(Exception):
    """A request that is no GraphQL request; the text says what would be right."""

    def __init__(self, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.status = status


@dataclass(frozen=True, slots=True)
class Asked:
    """What a client wants executed."""

    query: str
    variables: dict[str, Any]
    operation_name: str | None
    may_write: bool


async def asked(request: Request) -> Asked:
    """What the request asks for. Raises BadRequest."""
    if request.method != "POST":
        return _from_address(request)
    content_type = request.headers.get("content-type", "")
    media_type, _, parameters = content_type.partition(";")
    if media_type.strip().lower() != "application/json" or _is_other_charset(parameters):
        raise BadRequest("the body must be JSON: send Content-Type: application/json", 415)
    return operation(_decoded(await _body(request)), may_write=True)


def _is_other_charset(parameters: str) -> bool:
    pairs = [parameter.lower().partition("=") for parameter in parameters.split(";")]
    charsets = [value.strip().strip('"') for name, _, value in pairs if name.strip() == "charset"]
    return any(charset not in {"utf-8", "utf8"} for charset in charsets)


async def _body(request: Request) -> bytes:
    body = bytearray()
    try:
        async for chunk in request.stream():
            body += chunk
            if len(body) > MAX_BODY_BYTES:
                raise BadRequest(f"the body is larger than {MAX_BODY_BYTES:,} bytes", 413)
    except ClientDisconnect:
        raise BadRequest("the body was cut off") from None
    return bytes(body)


def _decoded(body: bytes) -> dict[str, Any]:
    try:
        members = orjson.loads(body)
    except orjson.JSONDecodeError:
        raise BadRequest("the body is not valid JSON in UTF-8") from None
    if not isinstance(members, dict):
        raise BadRequest("the body must be a JSON object with the member query")
    return members


def _from_address(request: Request) -> Asked:
    members: dict[str, Any] = {
        name: request.query_params.get(name)
        for name in ("query", "operationName")
        if name in request.query_params
    }
    for name in ("variables", "extensions"):
        text = request.query_params.get(name)
        if text:
            try:
                members[name] = orjson.loads(text)
            except orjson.JSONDecodeError:
                raise BadRequest(f"{name} must be a JSON object") from None
    return operation(members, may_write=False)


def operation(members: dict[str, Any], *, may_write: bool) -> Asked:
    """What the members of a request ask for. Raises BadRequest."""
    query, variables = members.get("query"), members.get("variables")
    name, extensions = members.get("operationName"), members.get("extensions")
    if not isinstance(query, str) or not query.strip():
        raise BadRequest("query must be a string that is not empty")
    if not isinstance(variables, dict | None):
        raise BadRequest("variables must be an object or null")
    if not isinstance(name, str | None):
        raise BadRequest("operationName must be a string or null")
    if not isinstance(extensions, dict | None):
        raise BadRequest("extensions must be an object or null")
    if not _is_storable(members):
        raise BadRequest("texts must not hold NUL, and must not be nested deeper than 64 levels")
    return Asked(query, variables or {}, name or None, may_write)


def _is_storable(value: object, depth: int = 0) -> bool:
    # PostgreSQL keeps no NUL in its texts; told here, it is not an error there.
    if isinstance(value, str):
        return "\0" not in value
    if depth > MAX_DEPTH:
        return False
    if isinstance(value, dict):
        return all("\0" not in key and _is_storable(each, depth + 1) for key, each in value.items())
    if isinstance(value, list):
        return all(_is_storable(each, depth + 1) for each in value)
    return True
