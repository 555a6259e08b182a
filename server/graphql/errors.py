"""Errors of an answer: a code for programs, a text for people, and no secrets in either."""

from collections.abc import Iterable, Sequence
from typing import Any, Final

import structlog
from graphql import GraphQLError

from resolvers.context import TooBusy, Unauthenticated
from resolvers.paging import BadArgument
from schema.scalars import BadValue
from server.graphql.limits.deadline import DeadlineExceeded
from server.rates.limited import RateLimited
from storage.objects import StoreUnavailable
from storage.reached import Unavailable
from storage.refusals import Refusal

log = structlog.get_logger("graphql")

INTERNAL: Final = "INTERNAL_SERVER_ERROR"
UNAVAILABLE: Final = "SERVICE_UNAVAILABLE"
BAD_INPUT: Final = "BAD_USER_INPUT"
UNAUTHENTICATED: Final = "UNAUTHENTICATED"
DEADLINE: Final = "DEADLINE_EXCEEDED"
RATE_LIMITED: Final = "RATE_LIMITED"
# A refusal stays small, whatever was sent: so many errors, and so many characters and places each.
MOST_ERRORS: Final = 10
LONGEST_MESSAGE: Final = 400
MOST_PLACES: Final = 5

_EXPECTED: Final[tuple[tuple[type[Exception], str], ...]] = (
    (Unauthenticated, UNAUTHENTICATED),
    (BadArgument, BAD_INPUT),
    (TooBusy, RATE_LIMITED),
    (Unavailable, UNAVAILABLE),
    (StoreUnavailable, UNAVAILABLE),
    (DeadlineExceeded, DEADLINE),
)


def shown(found: Iterable[GraphQLError], request_id: str) -> list[dict[str, Any]]:
    """The errors as the client gets them.

    An unexpected one is logged with everything that is known and shown by its id alone. It is
    logged once, however many fields it struck: those of a list share what a loader raised.
    """
    entries, logged = [], set[int]()
    for error in found:
        entry = _entry(error)
        if entry["extensions"]["code"] == INTERNAL:
            if id(error.original_error) not in logged:
                log.error("resolver failed", path=error.path, exc_info=error.original_error)
            logged.add(id(error.original_error))
            entry["message"] = f"something went wrong; ask about request {request_id}"
            entry["extensions"]["requestId"] = request_id
        entries.append(entry)
    return entries


def _entry(error: GraphQLError) -> dict[str, Any]:
    message, code = _told(error)
    entry: dict[str, Any] = {"message": _short(message)}
    if error.locations:
        entry["locations"] = [
            {"line": place.line, "column": place.column} for place in error.locations[:MOST_PLACES]
        ]
    if error.path:
        entry["path"] = error.path
    # What an exception of a resolver carries is no business of the client.
    figures = error.extensions if error.original_error is None else None
    entry["extensions"] = {"code": code} | (figures or {})
    return entry


def _short(message: str) -> str:
    return message if len(message) <= LONGEST_MESSAGE else f"{message[:LONGEST_MESSAGE]}…"


def _told(error: GraphQLError) -> tuple[str, str]:
    cause = error.original_error
    if isinstance(cause, GraphQLError) and error.path is not None and not cause.nodes:
        # What a resolver returned has no form in the schema; of an argument the node is known.
        return "", INTERNAL
    if cause is None or isinstance(cause, GraphQLError | BadValue):
        # What graphql-core or a scalar found wrong with the document or its variables.
        return error.message, BAD_INPUT
    if isinstance(cause, Refusal):
        # A subscription has no payload to say so in, nor has a field whose thing has just gone.
        return cause.message, cause.code
    for kind, code in _EXPECTED:
        if isinstance(cause, kind):
            return str(cause), code
    return "", INTERNAL


def unfit(found: Sequence[GraphQLError], request_id: str) -> list[dict[str, Any]]:
    """Why nothing was executed, in few words: what is wrong several times is said once."""
    once = {error.message: error for error in reversed(found)}
    return shown([*reversed(once.values())][:MOST_ERRORS], request_id)


def refused(message: str, code: str = BAD_INPUT) -> dict[str, Any]:
    """An answer to what could not be executed at all."""
    return {"errors": [{"message": message, "extensions": {"code": code}}]}


def limited(error: RateLimited) -> dict[str, Any]:
    """An answer to what is more than the rate limits admit."""
    body = refused(str(error), RATE_LIMITED)
    body["errors"][0]["extensions"]["retryAfter"] = error.retry_in_s
    return body
