"""From an HTTP request to the operation it asks for.

Source: the GraphQL over HTTP specification, https://graphql.github.io/graphql-over-http/draft/.
"""

from dataclasses import dataclass, replace
from typing import Any, Final, Literal, TypeGuard, cast, get_args

import orjson
from starlette.datastructures import QueryParams

from server.graphql.messages import CutOff, Incoming, TooLarge

MAX_BODY_BYTES: Final = 128 * 1024
MAX_DEPTH: Final = 64
MAX_ID: Final = 256
COST_HEADER: Final = "X-GraphQL-Cost"
KEY_HEADER: Final = "Idempotency-Key"
_COST: Final = COST_HEADER.lower().encode()
_KEY: Final = KEY_HEADER.lower().encode()

# To be told the cost beside the answer, or instead of it.
CostWish = Literal["", "report", "dry-run"]


class BadRequest(Exception):
    """A request that is no GraphQL request; the text says what would be right."""

    def __init__(self, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.status = status


class NotWellFormed(BadRequest):
    """JSON, or an address, without the members of a GraphQL request."""


@dataclass(slots=True)
class Asked:
    """What a client wants executed."""

    query: str
    variables: dict[str, Any]
    operation_name: str | None
    may_write: bool
    document_id: str | None = None
    sha256: str | None = None
    cost: CostWish = ""
    idempotency_key: str | None = None


async def asked(request: Incoming) -> Asked:
    """What the request asks for. Raises BadRequest."""
    if request.method != "POST":
        found = _from_address(QueryParams(request.query_string))
    elif not _is_json(request.header(b"content-type") or ""):
        raise BadRequest("the body must be JSON: send Content-Type: application/json", 415)
    else:
        try:
            found = _from_body(await request.body(MAX_BODY_BYTES))
        except TooLarge:
            raise BadRequest(f"the body is larger than {MAX_BODY_BYTES:,} bytes", 413) from None
        except CutOff:
            raise BadRequest("the body was cut off") from None
    wish, key = request.header(_COST), request.header(_KEY)
    if key is not None:
        found = replace(found, idempotency_key=_key(key))
    return found if wish is None else replace(found, cost=_wish(wish))


def _from_body(body: bytes) -> Asked:
    members = _decoded(body)
    if not _is_plain(body):
        _require_storable(members)
    return _operation(members, may_write=True)


def _is_json(content_type: str) -> bool:
    if content_type == "application/json":
        return True
    media_type, _, parameters = content_type.partition(";")
    return media_type.strip().lower() == "application/json" and not _is_other_charset(parameters)


def _is_other_charset(parameters: str) -> bool:
    pairs = [parameter.lower().partition("=") for parameter in parameters.split(";")]
    charsets = [value.strip().strip('"') for name, _, value in pairs if name.strip() == "charset"]
    return any(charset not in {"utf-8", "utf8"} for charset in charsets)


def _decoded(body: bytes) -> dict[str, Any]:
    try:
        members = orjson.loads(body)
    except orjson.JSONDecodeError:
        raise BadRequest("the body is not valid JSON in UTF-8") from None
    if not isinstance(members, dict):
        raise NotWellFormed("the body must be a JSON object with the member query")
    return members


def _from_address(parameters: QueryParams) -> Asked:
    members: dict[str, Any] = {
        name: parameters.get(name)
        for name in ("query", "operationName", "documentId")
        if name in parameters
    }
    for name in ("variables", "extensions"):
        text = parameters.get(name)
        if text:
            try:
                members[name] = orjson.loads(text)
            except orjson.JSONDecodeError:
                raise NotWellFormed(f"{name} must be a JSON object") from None
    return operation(members, may_write=False)


def operation(members: dict[str, Any], *, may_write: bool) -> Asked:
    """What the members of a request ask for. Raises BadRequest."""
    _require_storable(members)
    return _operation(members, may_write=may_write)


def _operation(members: dict[str, Any], *, may_write: bool) -> Asked:
    query, variables = members.get("query"), members.get("variables")
    name, extensions = members.get("operationName"), members.get("extensions")
    if variables is not None and not isinstance(variables, dict):
        raise NotWellFormed("variables must be an object or null")
    if name is not None and not isinstance(name, str):
        raise NotWellFormed("operationName must be a string or null")
    if extensions is not None and not isinstance(extensions, dict):
        raise NotWellFormed("extensions must be an object or null")
    if not extensions and _is_text(query) and members.get("documentId") is None:
        return Asked(query, variables or {}, name or None, may_write)
    document_id, sha256 = _document_id(members), _sha256(extensions or {})
    if document_id is None and sha256 is None and not _is_text(query):
        # Any text is one to be parsed, also one that cannot be.
        kind = BadRequest if isinstance(query, str) else NotWellFormed
        raise kind("query must be a string that is not empty")
    if query is not None and not isinstance(query, str):
        raise NotWellFormed("query must be a string or null")
    wish = _wish((extensions or {}).get("cost", ""))
    key = _key((extensions or {}).get("idempotencyKey"))
    return Asked(
        query or "", variables or {}, name or None, may_write, document_id, sha256, wish, key
    )


def _key(value: object) -> str | None:
    """An idempotency key; a header may quote it, being a string of structured fields (RFC 9651)."""
    if not isinstance(value, str | None):
        raise NotWellFormed("idempotencyKey must be a string or null")
    is_quoted = value is not None and len(value) > 1 and value[0] == value[-1] == '"'
    return value[1:-1] if value is not None and is_quoted else value


def _is_text(value: object) -> TypeGuard[str]:
    return isinstance(value, str) and bool(value.strip())


def _document_id(members: dict[str, Any]) -> str | None:
    """The id of a document that is known here; Relay's clients call it `id` or `doc_id`."""
    names = ("documentId",) if members.get("query") else ("documentId", "id", "doc_id")
    found = next((members[name] for name in names if members.get(name) is not None), None)
    if found is None or (isinstance(found, str) and 0 < len(found) <= MAX_ID):
        return found
    raise NotWellFormed(f"documentId must be a string of 1 to {MAX_ID} characters")


def _sha256(extensions: dict[str, Any]) -> str | None:
    persisted = extensions.get("persistedQuery")
    if persisted is None:
        return None
    if not isinstance(persisted, dict) or persisted.get("version") != 1:
        raise NotWellFormed("persistedQuery must be an object of version 1")
    found = persisted.get("sha256Hash")
    if not isinstance(found, str) or not 0 < len(found) <= MAX_ID:
        raise NotWellFormed("persistedQuery.sha256Hash must be the SHA-256 of the query in hex")
    return found


def _wish(value: object) -> CostWish:
    if isinstance(value, str) and value in get_args(CostWish):
        return cast("CostWish", value)
    raise NotWellFormed("cost must be report or dry-run")


def _is_plain(body: bytes) -> bool:
    """Whether JSON can hold neither NUL nor too many levels, at one glance."""
    levels = body.count(b"{") + body.count(b"[")
    return levels <= MAX_DEPTH and b"\\u0000" not in body


def _require_storable(members: dict[str, Any]) -> None:
    if not _is_storable(members):
        raise NotWellFormed("texts must not hold NUL, and must not be nested deeper than 64 levels")


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
