"""Bodies that no client of good will sends: refused with a word, never an error of ours."""

import json

import pytest

from tests.http.asgi import answered, scope

DEEP = 50_000
BAD_JSON = "the body is not valid JSON in UTF-8"
NO_OBJECT = "the body must be a JSON object with the member query"
NO_QUERY = "query must be a string that is not empty"
NUL_OR_DEEP = "texts must not hold NUL, and must not be nested deeper than 64 levels"
QUERY = "{ __typename }"


def having(**members):
    return json.dumps({"query": QUERY} | members).encode()


def nested(levels):
    """A list in a list in a list, *levels* deep."""
    return json.loads("[" * levels + "]" * levels)


BODIES = {
    "empty": (b"", BAD_JSON),
    "blank": (b" \n", BAD_JSON),
    "truncated": (b'{"query": "{ __type', BAD_JSON),
    "trailing": (b'{"query": "{ __typename }"}}', BAD_JSON),
    "null": (b"null", NO_OBJECT),
    "number": (b"1", NO_OBJECT),
    "string": (b'"{ __typename }"', NO_OBJECT),
    "true": (b"true", NO_OBJECT),
    "list of null": (b"[null]", NO_OBJECT),
    "batch": (b'[{"query": "{ __typename }"}]', NO_OBJECT),
    "bad UTF-8": (b'{"query": "{ __typename } #\xff"}', BAD_JSON),
    "overlong UTF-8": (b'{"query": "{ __typename } #\xc0\xaf"}', BAD_JSON),
    "lone surrogate": (b'{"query": "{ __typename } #\\ud800"}', BAD_JSON),
    "UTF-16": ('{"query": "{ __typename }"}'.encode("utf-16"), BAD_JSON),
    "UTF-32": ('{"query": "{ __typename }"}'.encode("utf-32"), BAD_JSON),
    "BOM": (b'\xef\xbb\xbf{"query": "{ __typename }"}', BAD_JSON),
    "NUL byte": (b'{"query": "{ __typename }\0"}', BAD_JSON),
    "NUL in query": (having(query="{ __typename } #\0"), NUL_OR_DEEP),
    "NUL in name": (having(operationName="a\0"), NUL_OR_DEEP),
    "NUL in variables": (having(variables={"a": ["\0"]}), NUL_OR_DEEP),
    "NUL in a key": (having(variables={"a\0": 1}), NUL_OR_DEEP),
    "deep": (b"[" * DEEP + b"]" * DEEP, BAD_JSON),
    "deeper and open": (b"[" * 2 * DEEP, BAD_JSON),
    "deep in objects": (b'{"a":' * (DEEP // 5), BAD_JSON),
    "deep variables": (having(variables={"a": nested(100)}), NUL_OR_DEEP),
    "NaN": (b'{"query": "{ __typename }", "variables": {"a": NaN}}', BAD_JSON),
    "infinity": (b'{"query": "{ __typename }", "variables": {"a": -Infinity}}', BAD_JSON),
    "hex": (b'{"query": "{ __typename }", "variables": {"a": 0x1F}}', BAD_JSON),
    "form": (b"query=%7B__typename%7D", BAD_JSON),
    "no query": (b"{}", NO_QUERY),
    "empty query": (having(query=""), NO_QUERY),
    "blank query": (having(query=" \n"), NO_QUERY),
    **{
        f"query {value}": (having(query=value), NO_QUERY)
        for value in (None, 1, True, [QUERY], {"a": 1})
    },
    **{
        f"variables {value}": (having(variables=value), "variables must be an object or null")
        for value in (1, True, "", "{}", [], [{}])
    },
    **{
        f"name {value}": (having(operationName=value), "operationName must be a string or null")
        for value in (1, False, [], {})
    },
    **{
        f"extensions {value}": (having(extensions=value), "extensions must be an object or null")
        for value in (1, False, [], "{}")
    },
}


@pytest.fixture
def send(client):
    async def send(body):
        return await client.post(
            "/graphql", content=body, headers={"Content-Type": "application/json"}
        )

    return send


@pytest.mark.parametrize(("body", "message"), BODIES.values(), ids=BODIES)
async def test_an_odd_body_is_400_and_says_what_is_wrong(send, body, message):
    answer = await send(body)

    assert answer.status_code == 400
    assert answer.json() == {
        "errors": [{"message": message, "extensions": {"code": "BAD_USER_INPUT"}}]
    }


@pytest.mark.parametrize("digits", [20, 309, 5_000])
@pytest.mark.parametrize("sign", ["", "-"])
async def test_a_very_long_integer_is_refused_or_no_integer(send, sign, digits):
    number = sign + "9" * digits
    document = "query($first: Int) { photos(first: $first) { edges { cursor } } }"
    body = f'{{"query": "{document}", "variables": {{"first": {number}}}}}'

    answer = await send(body)

    assert answer.status_code in {200, 400}
    assert answer.json()["errors"][0]["extensions"] == {"code": "BAD_USER_INPUT"}
    assert "data" not in answer.json()


@pytest.mark.parametrize("digits", [20, 5_000])
async def test_a_very_long_integer_in_the_document_is_refused(send, digits):
    for field in ("photos(first: %s) { edges { cursor } }", "node(id: %s) { id }"):
        answer = await send(having(query="{ " + field % ("9" * digits) + " }"))

        assert answer.status_code == 200
        if "errors" in answer.json():
            assert answer.json()["errors"][0]["extensions"] == {"code": "BAD_USER_INPUT"}
        else:
            assert answer.json() == {"data": {"node": None}}


@pytest.mark.parametrize("body", [having(variables=None), having(extensions=None)])
async def test_members_may_be_null(send, body):
    answer = await send(body)

    assert (answer.status_code, answer.json()) == (200, {"data": {"__typename": "Query"}})


async def test_of_a_member_given_twice_the_last_counts(send):
    answer = await send(b'{"query": "{ nothing }", "query": "{ __typename }"}')

    assert (answer.status_code, answer.json()) == (200, {"data": {"__typename": "Query"}})


@pytest.mark.parametrize(
    "query",
    [
        "{" + "viewer{" * 2_000 + "id" + "}" * 2_001,
        "{ node(id: " + "[" * 2_400 + "]" * 2_400 + ") { id } }",
        "{" + "...{" * 2_000 + "id" + "}" * 2_001,
        "{ ...a } fragment a on Query { ...a }",
        "{ ...a } fragment a on Query { ...b } fragment b on Query { ...a }",
        "query($a: " + "[" * 2_000 + "Int" + "]" * 2_000 + ") { __typename }",
        "{ " + "a" * 100_000 + " }",
        "{ __typename } " + "fragment a on Query { __typename } " * 700,
        'query { user(username: "\\u0000") { id } }',
        'query { user(username: """\0""") { id } }',
        'query { user(username: "\\uD800") { id } }',
        "type Query { a: Int }",
        "subscription { photoStatus }",
        "#",
    ],
)
async def test_an_odd_document_is_refused(send, query):
    answer = await send(having(query=query))

    assert answer.status_code in {200, 400}
    codes = {error["extensions"]["code"] for error in answer.json()["errors"]}
    assert codes <= {"BAD_USER_INPUT", "DOCUMENT_TOO_LARGE", "TOO_MANY_TOKENS", "TOO_DEEP"}
    assert "data" not in answer.json()


class Pieces:
    """A body that comes piece by piece; counts how many were taken."""

    def __init__(self, pieces, size=1024):
        self.left = pieces
        self.taken = 0
        self._size = size

    async def receive(self):
        self.taken += 1
        if self.left is None:
            return {"type": "http.disconnect"}
        self.left -= 1
        return {"type": "http.request", "body": b" " * self._size, "more_body": self.left > 0}


async def sent(client, pieces):
    """What the application sends for a body of *pieces*."""
    headers = [(b"content-type", b"application/json")]
    return await answered(client, scope("POST", "/graphql", headers), pieces.receive)


async def test_of_a_body_that_is_too_large_the_rest_is_not_read(client):
    pieces = Pieces(10_000)

    start, body = await sent(client, pieces)

    assert start["status"] == 413
    assert json.loads(body["body"]) == {
        "errors": [
            {
                "message": "the body is larger than 131,072 bytes",
                "extensions": {"code": "BAD_USER_INPUT"},
            }
        ]
    }
    assert pieces.taken == 129


async def test_the_largest_body_is_read(send):
    body = having()
    assert (await send(body + b" " * (131_072 - len(body)))).status_code == 200
    assert (await send(body + b" " * (131_073 - len(body)))).status_code == 413
    assert (await send(b"x" * 200_000)).status_code == 413


async def test_a_client_that_leaves_in_the_middle_is_no_error_of_ours(client, logged):
    pieces = Pieces(None)

    start, _ = await sent(client, pieces)

    assert start["status"] == 400
    assert [line["status"] for line in logged.lines] == [400]
