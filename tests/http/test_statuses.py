"""Statuses by both editions of GraphQL over HTTP, section 5.4 of the newer one line by line."""

import json

import pytest

from storage import photos
from storage.reached import Unavailable
from tests.http.test_failures import NOWHERE

JSON = "application/json"
GRAPHQL_JSON = "application/graphql-response+json"
TYPES = (GRAPHQL_JSON, JSON)
TYPENAME = "{ __typename }"
PHOTOS = "{ photos { edges { cursor } } }"
# One field is answered and the other is not.
PARTIAL = "{ uploadLimits { maxBytes } viewer { username } }"


@pytest.fixture
def newer(serving):
    """A server that follows the edition of September 2026."""
    return lambda **changed: serving(graphql_over_http="september-2026", **changed)


async def _asked(client, body, accept, **headers):
    content = body if isinstance(body, str) else json.dumps(body)
    headers = {"Content-Type": JSON, "Accept": accept, **headers}
    return await client.post("/graphql", content=content, headers=headers)


def _told(answer):
    return answer.status_code, answer.headers["content-type"].partition(";")[0]


# What is sent, and its status: audited in both media types, and since September 2026.
NOT_EXECUTED = {
    "no JSON": ("NONSENSE", (400, 400), 400),
    "no object": ("[]", (400, 400), 422),
    "a member misspelt": ({"qeury": TYPENAME}, (400, 400), 422),
    "variables in a list": ({"query": TYPENAME, "variables": [7]}, (400, 400), 422),
    "a document of a number": ({"query": 7}, (400, 400), 422),
    "an empty document": ({"query": ""}, (400, 400), 400),
    "a document cut off": ({"query": "{"}, (400, 200), 400),
    "a field that is not there": ({"query": "{ nothing }"}, (400, 200), 422),
    "more than the limits admit": ({"query": "{" + " __typename" * 1001 + "}"}, (400, 200), 422),
    "one of two operations": (
        {"query": "query A { __typename } query B { __typename }"},
        (400, 200),
        422,
    ),
    "no such operation": ({"query": TYPENAME, "operationName": "B"}, (400, 200), 422),
    "a variable of another type": (
        {
            "query": "query($id: ID!) { node(id: $id) { id } }",
            "variables": {"id": {}},
        },
        (400, 200),
        422,
    ),
    "a variable left out": ({"query": "query($id: ID!) { node(id: $id) { id } }"}, (400, 200), 422),
    "an unknown hash": (
        {"extensions": {"persistedQuery": {"version": 1, "sha256Hash": "0" * 64}}},
        (400, 200),
        422,
    ),
}


@pytest.mark.parametrize(("body", "audited", "newest"), NOT_EXECUTED.values(), ids=NOT_EXECUTED)
async def test_what_is_not_executed(client, newer, body, audited, newest):
    async with newer() as other:
        for accept, status in zip(TYPES, audited, strict=True):
            before = await _asked(client, body, accept)
            after = await _asked(other, body, accept)

            assert _told(before) == (status, accept)
            # What is no 2xx says whose answer it is, whatever was named.
            assert _told(after) == (newest, GRAPHQL_JSON)
            assert after.json() == before.json()
            assert "data" not in after.json()


async def test_what_is_executed_without_errors_is_200(client, newer):
    async with newer() as other:
        for api in (client, other):
            for accept in TYPES:
                answer = await _asked(api, {"query": TYPENAME}, accept)

                assert _told(answer) == (200, accept)
                assert answer.json() == {"data": {"__typename": "Query"}}


@pytest.mark.parametrize("query", [PARTIAL, '{ photos(after: "0") { edges { cursor } } }'])
async def test_data_with_errors_is_294_where_it_has_a_meaning(client, newer, query):
    forged = {"Authorization": "Bearer forged"}
    async with newer() as other:
        for api, statuses in ((client, (200, 200)), (other, (294, 200))):
            for accept, status in zip(TYPES, statuses, strict=True):
                answer = await _asked(api, {"query": query}, accept, **forged)

                assert _told(answer) == (status, accept)
                assert set(answer.json()) == {"data", "errors"}


async def test_a_part_of_the_data_is_2xx_though_the_rest_is_out_of_reach(serving, newer):
    """Data that is not null demands it, by every edition."""
    query = '{ uploadLimits { maxBytes } user(username: "ann") { id } }'
    async with serving(database_url=NOWHERE) as client, newer(database_url=NOWHERE) as other:
        for api, status in ((client, 200), (other, 294)):
            answer = await _asked(api, {"query": query}, GRAPHQL_JSON)

            assert _told(answer) == (status, GRAPHQL_JSON)
            assert answer.json()["data"]["user"] is None
            assert answer.json()["data"]["uploadLimits"]["maxBytes"] > 0
            assert answer.json()["errors"][0]["extensions"]["code"] == "SERVICE_UNAVAILABLE"


@pytest.mark.parametrize("query", [PHOTOS, '{ user(username: "ann") { id } }'])
async def test_no_data_at_all_is_503_and_none_is_claimed(serving, newer, query):
    async with serving(database_url=NOWHERE) as client, newer(database_url=NOWHERE) as other:
        for api, media_type in ((client, JSON), (other, GRAPHQL_JSON)):
            answer = await _asked(api, {"query": query}, JSON)

            assert _told(answer) == (503, media_type)
            assert answer.headers["retry-after"] == "1"
            assert set(answer.json()) == {"errors"}


async def test_what_is_not_admitted(newer, monkeypatch):
    async with newer(document_mode="only") as api:
        untrusted = await _asked(api, {"query": TYPENAME}, JSON)
    async with newer(max_running=1) as api:
        mutation = {"query": "mutation { logOut { errors { code } } }"}
        by_get = await api.get("/graphql", params=mutation, headers={"Accept": GRAPHQL_JSON})
        form = await api.post("/graphql", data={"query": TYPENAME}, headers={"Accept": JSON})
        large = await _asked(api, {"query": " " * 200_000}, JSON)
        text = await _asked(api, {"query": TYPENAME}, "text/plain")
        monkeypatch.setattr(photos, "newest_public", _away)
        away = await _asked(api, {"query": PHOTOS}, JSON)

    assert _told(untrusted) == (403, GRAPHQL_JSON)
    assert (*_told(by_get), by_get.headers["allow"]) == (405, GRAPHQL_JSON, "POST")
    assert _told(form) == (415, GRAPHQL_JSON)
    assert _told(large) == (413, GRAPHQL_JSON)
    assert _told(text) == (406, JSON)
    assert _told(away) == (503, GRAPHQL_JSON)


async def _away(*_):
    raise Unavailable("the database is away")
