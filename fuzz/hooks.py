"""What schemathesis is told about PicShare: who asks, and what counts as a failure.

It runs in the environment of schemathesis, without anything of ours but `answers`.
"""

import atexit
import json
import os
import re
from collections import Counter
from hashlib import sha256
from pathlib import Path
from typing import Any

import requests
import schemathesis
from graphql import (
    REMOVE,
    ArgumentNode,
    DocumentNode,
    GraphQLError,
    GraphQLSchema,
    Visitor,
    parse,
    print_ast,
    validate,
    visit,
)
from hypothesis import strategies as st
from schemathesis.graphql import nodes

from fuzz.answers import faults

URL = os.environ["PICSHARE_FUZZ_URL"]
LOGIN = os.environ.get("PICSHARE_FUZZ_LOGIN")
PASSWORD = os.environ.get("PICSHARE_FUZZ_PASSWORD")
FIGURES = Path(os.environ["PICSHARE_FUZZ_FIGURES"])
JSON = "application/json"
GRAPHQL_JSON = "application/graphql-response+json"
LOG_IN = """mutation($input: LogInInput!) { logIn(input: $input) {
  session { accessToken } errors { message } } }"""
# What an operation may be answered by as a whole; anything else is a failure.
REFUSALS = {
    "BAD_USER_INPUT",
    "UNAUTHENTICATED",
    "NOT_FOUND",
    "NOT_ALLOWED",
    "RATE_LIMITED",
    "SERVICE_UNAVAILABLE",
    "DEADLINE_EXCEEDED",
    "DOCUMENT_TOO_LARGE",
    "TOO_MANY_TOKENS",
    "TOO_DEEP",
    "TOO_MANY_FIELDS",
    "TOO_MANY_ALIASES",
    "TOO_MANY_REPEATED_FIELDS",
    "TOO_MANY_ROOT_FIELDS",
    "TOO_EXPENSIVE",
}
# What may be wrong with a document that is valid by the published schema.
NOT_IN_THE_SCHEMA = re.compile(
    "must be from 1 to 100|texts must not hold NUL|an integer has too many digits"
    "|lone surrogate|DateTime|date-time|time zone"
)

schemathesis.graphql.scalar(
    "DateTime",
    st.one_of(
        st.datetimes(timezones=st.timezones()).map(lambda moment: moment.isoformat()),
        st.text(max_size=30),
    ).map(nodes.String),
)

counted: Counter[str] = Counter()


class Session:
    """Whoever asks, signed in for as long as it takes."""

    def __init__(self) -> None:
        self._token: str | None = None

    def header(self) -> dict[str, str]:
        if LOGIN is None:
            return {}
        if self._token is None:
            self._token = self._logged_in()
        return {"Authorization": f"Bearer {self._token}"}

    def end(self) -> None:
        self._token = None

    def _logged_in(self) -> str:
        variables = {"input": {"login": LOGIN, "password": PASSWORD}}
        asked = {"query": LOG_IN, "variables": variables}
        answer = requests.post(URL, json=asked, timeout=60).json()["data"]["logIn"]
        assert answer["errors"] == [], answer
        return str(answer["session"]["accessToken"])


session = Session()


class _FirstPages(Visitor):
    """Leaves out what nearly never fits: the cursor of one list is none of another."""

    def enter_argument(self, node: ArgumentNode, *_: Any) -> Any:
        return REMOVE if node.name.value == "after" else None


@schemathesis.hook
def map_case(context: Any, case: Any) -> Any:
    """Of four valid documents three ask for first pages, so that they are executed."""
    is_valid = case.meta is not None and not case.meta.generation.mode.is_negative
    if is_valid and _digest(case.body) % 4:
        case.body = print_ast(visit(parse(case.body), _FirstPages()))
    return case


@schemathesis.hook
def before_call(context: Any, case: Any, kwargs: Any) -> None:
    """Sign the request, and ask for either media type, always the same for the same document."""
    case.headers = {
        **(case.headers or {}),
        **session.header(),
        "Accept": JSON if _digest(case.body) % 2 else GRAPHQL_JSON,
    }


@schemathesis.hook
def after_call(context: Any, case: Any, response: Any) -> None:
    """Count the answer; who was signed out signs in again."""
    codes = _codes(response)
    if "UNAUTHENTICATED" in codes or case.operation.label in {
        "Mutation.logOut",
        "Mutation.endSession",
    }:
        session.end()
    counted["requests"] += 1
    counted[f"status {response.status_code}"] += 1
    counted.update(f"code {code}" for code in set(codes))
    if not codes:
        counted[f"done {case.operation.label}"] += 1


@schemathesis.hook
def filter_failure(context: Any, failure: Any, case: Any, response: Any) -> bool:
    """A deliberate 503, and a refusal that the schema cannot tell of, are no failures."""
    if response.status_code == 503:
        return "retry-after" not in response.headers
    errors = getattr(failure, "errors", None)
    return errors is None or not all(_is_refusal(error) for error in errors)


@schemathesis.check
def answer_is_exact(ctx: Any, response: Any, case: Any) -> None:
    """Every answer has the shape, the types and the codes that are published."""
    if response.status_code == 503 and "retry-after" in response.headers:
        return
    assert response.status_code in {200, 400}, response.status_code
    wanted = case.headers["Accept"]
    assert response.headers["content-type"] == [f"{wanted}; charset=utf-8"]
    schema = case.operation.schema.client_schema
    document = _executable(schema, case.body)
    answer = response.json()
    assert (found := faults(schema, document, answer)) == [], found
    for error in answer.get("errors", []):
        assert error["extensions"]["code"] in REFUSALS, error
        # A document that is valid by the published schema is refused for a limit or a value.
        assert document is None or _is_refusal(error), error
    expected = 400 if wanted == GRAPHQL_JSON and "data" not in answer else 200
    assert response.status_code == expected, (response.status_code, answer)


def _digest(text: str) -> int:
    return sha256(text.encode("utf-8", "replace")).digest()[0]


def _executable(schema: GraphQLSchema, text: str) -> DocumentNode | None:
    try:
        document = parse(text)
    except GraphQLError:
        return None
    return None if validate(schema, document) else document


def _is_refusal(error: dict[str, Any]) -> bool:
    code = error.get("extensions", {}).get("code")
    if code == "BAD_USER_INPUT" and "path" not in error:
        return NOT_IN_THE_SCHEMA.search(error["message"]) is not None
    return code in REFUSALS


def _codes(response: Any) -> list[str]:
    try:
        errors = response.json().get("errors", [])
        return [error["extensions"]["code"] for error in errors]
    except (ValueError, KeyError, AttributeError, TypeError):
        return ["(no answer of GraphQL)"]


@atexit.register
def write() -> None:
    """Leave the figures where the test reads them."""
    FIGURES.write_text(json.dumps(counted))
