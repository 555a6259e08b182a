"""Errors of an answer: a code for programs, a text for people, and no secrets in either."""

from collections.abc import Iterable
from typing import Any, Final

import structlog
from graphql import GraphQLError

from resolvers.context import TooBusy, Unauthenticated
from resolvers.paging import BadArgument
from storage.database import Unavailable
from storage.objects import StoreUnavailable
from storage.refusals import Refusal

log = structlog.get_logger("graphql")

INTERNAL: Final = "INTERNAL_SERVER_ERROR"
UNAVAILABLE: Final = "SERVICE_UNAVAILABLE"
BAD_INPUT: Final = "BAD_USER_INPUT"
UNAUTHENTICATED: Final = "UNAUTHENTICATED"

_EXPECTED: Final[tuple[tuple[type[Exception], str], ...]] = (
    (Unauthenticated, UNAUTHENTICATED),
    (BadArgument, BAD_INPUT),
    (TooBusy, "RATE_LIMITED"),
    (Unavailable, UNAVAILABLE),
    (StoreUnavailable, UNAVAILABLE),
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
    entry: dict[str, Any] = {"message": message}
    if error.locations:
        entry["locations"] = [
            {"line": place.line, "column": place.column} for place in error.locations
        ]
    if error.path:
        entry["path"] = error.path
    entry["extensions"] = {"code": code}
    return entry


def _told(error: GraphQLError) -> tuple[str, str]:
    cause = error.original_error
    if cause is None or isinstance(cause, GraphQLError):
        # What graphql-core itself found wrong with the document or its variables.
        return error.message, BAD_INPUT
    if isinstance(cause, Refusal):
        # Only a subscription can be refused like this: it has no payload to say so in.
        return cause.message, cause.code
    for kind, code in _EXPECTED:
        if isinstance(cause, kind):
            return str(cause), code
    return "", INTERNAL


def refused(message: str, code: str = BAD_INPUT) -> dict[str, Any]:
    """An answer to what could not be executed at all."""
    return {"errors": [{"message": message, "extensions": {"code": code}}]}
