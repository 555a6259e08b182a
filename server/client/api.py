"""One GraphQL operation after another, over HTTP."""

from dataclasses import dataclass, field
from typing import Any

import httpx

from server.client.retries import Patience, Transient, sent

MEDIA_TYPE = "application/graphql-response+json"
PASSING_CODES = frozenset({"SERVICE_UNAVAILABLE", "RATE_LIMITED", "INTERNAL_SERVER_ERROR"})
TIMEOUT = httpx.Timeout(60.0, connect=5.0)


class Refused(Exception):
    """The server will not do it, and says why; asking again will not help."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


@dataclass(frozen=True, slots=True)
class Api:
    """A server's GraphQL API at *url*, which is its `/graphql`."""

    http: httpx.AsyncClient
    url: str
    patience: Patience = field(default_factory=Patience)

    async def ask(self, document: str, token: str | None = None, **variables: Any) -> Any:
        """The data of the answer. Raises Refused, or Transient when it did not pass in time."""
        return await self.patience.insist(lambda: self.ask_once(document, token, **variables))

    async def ask_once(self, document: str, token: str | None = None, **variables: Any) -> Any:
        """Like `ask`, without a second try."""
        request = self.http.build_request(
            "POST",
            self.url,
            json={"query": document, "variables": variables},
            headers={"Accept": MEDIA_TYPE} | _authorization(token),
        )
        return data_of(_decoded(await sent(self.http, request)))


def data_of(answer: dict[str, Any]) -> Any:
    """The data of an answer. Raises Refused, or Transient for one that says it may pass."""
    if answer.get("errors"):
        raise _refusal(answer["errors"][0])
    return answer["data"]


def done(payload: dict[str, Any]) -> dict[str, Any]:
    """The payload of a mutation that was done. Raises Refused for one that was not."""
    if payload["errors"]:
        messages = "; ".join(error["message"] for error in payload["errors"])
        raise Refused(payload["errors"][0]["code"], messages)
    return payload


def _authorization(token: str | None) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"} if token else {}


def _decoded(response: httpx.Response) -> dict[str, Any]:
    try:
        answer = response.json()
    except ValueError:
        answer = None
    if not isinstance(answer, dict) or not answer.keys() & {"data", "errors"}:
        raise Refused("NO_GRAPHQL", f"{response.url} answers, but it is no GraphQL API")
    return answer


def _refusal(error: dict[str, Any]) -> Exception:
    code = error.get("extensions", {}).get("code", "")
    if code in PASSING_CODES:
        return Transient(error["message"])
    return Refused(code, error["message"])
