"""The status and the media type of an answer, by one of two editions of GraphQL over HTTP.

Sources: for `audited` the audits of graphql-http 1.23.1, which follow the drafts before 2025;
for `september-2026` the first edition, https://http-spec.graphql.org/September2026/, sections
5.1 (media types), 5.4 (status codes) and 6.1 (294).
"""

from http import HTTPStatus
from typing import Final, Literal, Protocol

from server.graphql import errors
from server.graphql.accepted import GRAPHQL_JSON, JSON
from server.graphql.answers import Answer
from server.graphql.persisted import NOT_TRUSTED
from server.graphql.requests import BadRequest, NotWellFormed

Edition = Literal["audited", "september-2026"]

PARTIAL_SUCCESS: Final = 294


class Statuses(Protocol):
    """What the edition asks for."""

    def failed_type(self, media_type: str | None) -> str:
        """The media type of an answer that is no 2xx, to whom wants his in *media_type*."""

    def of_request(self, error: BadRequest) -> int:
        """The status of what is no request to execute anything."""

    def of_answer(self, answer: Answer, media_type: str) -> int:
        """The status of an answer that no other rule has a status for."""


class Audited:
    """Errors are 200 in application/json, whose readers can trust no other status."""

    def failed_type(self, media_type: str | None) -> str:
        """As it is wanted."""
        return media_type or JSON

    def of_request(self, error: BadRequest) -> int:
        """400, or what says more."""
        return error.status

    def of_answer(self, answer: Answer, media_type: str) -> int:
        """400 for what was not executed, where the media type can tell."""
        is_refused = media_type == GRAPHQL_JSON and not answer.was_executed
        return HTTPStatus.BAD_REQUEST if is_refused else HTTPStatus.OK


class September2026:
    """The status tells proxies and monitoring what became of a request."""

    def failed_type(self, media_type: str | None) -> str:
        """The one that says whose answer it is, also to those who named only the older one."""
        return JSON if media_type is None else GRAPHQL_JSON

    def of_request(self, error: BadRequest) -> int:
        """422 for JSON that is no request; else 400, or what says more."""
        is_other = isinstance(error, NotWellFormed)
        return HTTPStatus.UNPROCESSABLE_ENTITY if is_other else error.status

    def of_answer(self, answer: Answer, media_type: str) -> int:
        """2xx for what has data; 294, in the media type that gives it a meaning, if errors too."""
        if not answer.was_executed:
            return _of_refusal(answer)
        is_partial = "errors" in answer.body and media_type == GRAPHQL_JSON
        return PARTIAL_SUCCESS if is_partial else HTTPStatus.OK


def _of_refusal(answer: Answer) -> int:
    if answer.outcome == errors.INTERNAL:
        return HTTPStatus.INTERNAL_SERVER_ERROR
    if answer.outcome == NOT_TRUSTED:
        return HTTPStatus.FORBIDDEN
    is_read = answer.was_parsed
    return HTTPStatus.UNPROCESSABLE_ENTITY if is_read else HTTPStatus.BAD_REQUEST


EDITIONS: Final[dict[Edition, Statuses]] = {
    "audited": Audited(),
    "september-2026": September2026(),
}
