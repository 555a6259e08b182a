"""Which media types go in and come out, by which methods."""

import json

import pytest

from server import graphiql

GRAPHQL_JSON = "application/graphql-response+json"
QUERY = '{"query": "{ __typename }"}'
ANSWER = {"data": {"__typename": "Query"}}
BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8"


async def test_a_json_body_is_answered_with_json(client):
    answer = await client.post("/graphql", json={"query": "{ __typename }"})

    assert (answer.status_code, answer.json()) == (200, ANSWER)
    assert answer.headers["content-type"] == "application/json; charset=utf-8"
    assert answer.headers["cache-control"] == "no-store"
    assert "accept" in answer.headers["vary"].lower()


@pytest.mark.parametrize(
    ("accept", "media_type"),
    [
        ("application/json", "application/json"),
        ("APPLICATION/JSON; charset=utf-8", "application/json"),
        ("application/*", "application/json"),
        ("*/*", "application/json"),
        ("text/plain, */*;q=0.1", "application/json"),
        (GRAPHQL_JSON, GRAPHQL_JSON),
        (f"application/json, {GRAPHQL_JSON}", GRAPHQL_JSON),
        (f"{GRAPHQL_JSON}; charset=utf-8, application/json; q=0.9", GRAPHQL_JSON),
    ],
)
async def test_accept_chooses_the_media_type(client, accept, media_type):
    answer = await client.post(
        "/graphql", json={"query": "{ __typename }"}, headers={"Accept": accept}
    )

    assert (answer.status_code, answer.json()) == (200, ANSWER)
    assert answer.headers["content-type"] == f"{media_type}; charset=utf-8"


async def test_without_accept_the_answer_is_json(client):
    request = client.build_request("POST", "/graphql", json={"query": "{ __typename }"})
    del request.headers["accept"]

    answer = await client.send(request)

    assert (answer.status_code, answer.json()) == (200, ANSWER)
    assert answer.headers["content-type"] == "application/json; charset=utf-8"


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("accept", ["text/plain", "image/webp, application/xml", "application/jso"])
async def test_what_we_cannot_answer_with_is_406(client, method, accept):
    answer = await client.request(
        method,
        "/graphql",
        params={"query": "{ __typename }"} if method == "GET" else None,
        content=QUERY if method == "POST" else None,
        headers={"Accept": accept, "Content-Type": "application/json"},
    )

    assert answer.status_code == 406
    assert answer.json()["errors"][0]["extensions"] == {"code": "BAD_USER_INPUT"}
    assert "data" not in answer.json()


@pytest.mark.parametrize("accept", ["text/html", BROWSER])
async def test_a_browser_gets_graphiql(client, accept):
    answer = await client.get("/graphql", headers={"Accept": accept})

    assert answer.status_code == (404 if graphiql.missing() else 200)
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert "GraphiQL" in answer.text


async def test_a_post_that_wants_html_is_406(client):
    answer = await client.post("/graphql", content=QUERY, headers={"Accept": "text/html"})

    assert answer.status_code == 406


@pytest.mark.parametrize("query", ["{ nothing }", "{", "query A { __typename } query B { x }"])
async def test_what_is_not_executed_is_400_in_the_media_type_that_can_tell(client, query):
    by_type = {
        accept: await client.post("/graphql", json={"query": query}, headers={"Accept": accept})
        for accept in (GRAPHQL_JSON, "application/json")
    }

    assert [answer.status_code for answer in by_type.values()] == [400, 200]
    for answer in by_type.values():
        assert answer.json()["errors"][0]["extensions"] == {"code": "BAD_USER_INPUT"}
        assert "data" not in answer.json()


async def test_what_was_executed_with_an_error_is_200_in_both_media_types(client):
    for accept in (GRAPHQL_JSON, "application/json"):
        answer = await client.post(
            "/graphql",
            json={"query": '{ photos(after: "0") { edges { cursor } } }'},
            headers={"Accept": accept},
        )

        assert answer.status_code == 200
        assert answer.json()["data"] is None


@pytest.mark.parametrize(
    "content_type",
    [
        None,
        "",
        "text/plain",
        "text/plain;application/json",
        "text/application/json",
        "application/jsonp",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/graphql",
        "application/graphql+json",
        "application/json; charset=utf-16",
        "application/json; charset=latin1",
        "application/json; version=1; charset=utf-16",
    ],
)
async def test_other_bodies_are_415_and_nothing_is_executed(client, content_type):
    headers = {} if content_type is None else {"Content-Type": content_type}

    answer = await client.post("/graphql", content=QUERY, headers=headers)

    assert answer.status_code == 415
    assert answer.json() == {
        "errors": [
            {
                "message": "the body must be JSON: send Content-Type: application/json",
                "extensions": {"code": "BAD_USER_INPUT"},
            }
        ]
    }


@pytest.mark.parametrize(
    "content_type",
    [
        "application/json",
        "Application/JSON",
        "application/json;charset=UTF-8",
        'application/json; charset="utf-8"',
        "application/json; charset=utf-8; version=1",
    ],
)
async def test_json_in_utf_8_is_read(client, content_type):
    answer = await client.post("/graphql", content=QUERY, headers={"Content-Type": content_type})

    assert (answer.status_code, answer.json()) == (200, ANSWER)


async def test_get_answers_queries(client):
    answer = await client.get(
        "/graphql",
        params={
            "query": "query A($first: Int) { photos(first: $first) { edges { cursor } } } "
            "query B { __typename }",
            "operationName": "B",
            "variables": json.dumps({"first": 1}),
        },
    )

    assert (answer.status_code, answer.json()) == (200, ANSWER)


async def test_head_is_answered_like_get(client):
    answer = await client.head("/graphql", params={"query": "{ __typename }"})

    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json; charset=utf-8"


@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_get_changes_nothing(client, ann, bob, ask, method):
    answer = await client.request(
        method,
        "/graphql",
        params={
            "query": "mutation($id: ID!) { followUser(id: $id) { user { username } } }",
            "variables": json.dumps({"id": bob.id}),
        },
        headers={"Authorization": f"Bearer {ann.token}"},
    )

    assert answer.status_code == 405
    assert answer.headers["allow"] == "POST"
    assert await ask("{ viewer { followingCount } }", viewer=ann) == {
        "viewer": {"followingCount": 0}
    }


@pytest.mark.parametrize(
    "params",
    [
        {},
        {"query": ""},
        {"query": "{ __typename }", "variables": "{"},
        {"query": "{ __typename }", "variables": "[]"},
        {"query": "{ __typename }", "variables": "1"},
        {"query": "{ __typename }", "extensions": "nope"},
        {"query": "{ __typename }\0"},
        {"query": "{ __typename }", "operationName": "\0"},
    ],
)
async def test_a_get_that_is_no_graphql_request_is_400(client, params):
    answer = await client.get("/graphql", params=params)

    assert answer.status_code == 400
    assert answer.json()["errors"][0]["extensions"] == {"code": "BAD_USER_INPUT"}


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "OPTIONS"])
async def test_other_methods_are_405(client, method):
    answer = await client.request(method, "/graphql", content=QUERY)

    assert answer.status_code == 405
    assert {"GET", "POST"} <= set(answer.headers["allow"].replace(" ", "").split(","))
