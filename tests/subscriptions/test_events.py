"""Server-sent events: who gets them, and how they are written."""

import asyncio
import json

import httpx
import pytest

from server.graphql import sse
from storage.events import photo_topic
from tests.making import make_photo
from tests.subscriptions.clients import DEADLINE_S, PHOTO, events

TYPENAME = {"query": "{ __typename }"}
URQL = (
    "application/graphql-response+json, application/graphql+json, application/json, "
    "text/event-stream, multipart/mixed"
)
STREAM = "text/event-stream; charset=utf-8"
ONE_EVENT = 'event: next\ndata: {"data":{"__typename":"Query"}}\n\nevent: complete\ndata:\n\n'


@pytest.mark.parametrize(
    ("accept", "media_type"),
    [
        ("text/event-stream", STREAM),
        ("TEXT/Event-Stream; charset=utf-8", STREAM),
        ("text/event-stream, application/json;q=0.5", STREAM),
        ("text/event-stream, */*;q=0.1", STREAM),
        (URQL, "application/graphql-response+json; charset=utf-8"),
        ("application/json, text/event-stream", "application/json; charset=utf-8"),
        ("text/event-stream, application/json", "application/json; charset=utf-8"),
        ("text/event-stream;q=0.5, application/json;q=0.6", "application/json; charset=utf-8"),
        ("text/event-stream;q=0, application/json", "application/json; charset=utf-8"),
        ("text/event-stream;q=oops, application/json", "application/json; charset=utf-8"),
        ("text/event-stream;q=0.9, */*", "application/json; charset=utf-8"),
    ],
)
async def test_a_query_is_an_event_for_who_prefers_it(client, accept, media_type):
    answer = await client.post("/graphql", json=TYPENAME, headers={"Accept": accept})

    assert answer.status_code == 200
    assert answer.headers["content-type"] == media_type
    assert "accept" in answer.headers["vary"].lower()
    assert answer.headers["cache-control"] == "no-store"
    if media_type == STREAM:
        assert answer.text == ONE_EVENT
    else:
        assert answer.json() == {"data": {"__typename": "Query"}}


@pytest.mark.parametrize("accept", ["text/event-stream;q=0", "text/*", "text/event"])
async def test_a_query_for_who_wants_neither_is_406(client, accept):
    answer = await client.post("/graphql", json=TYPENAME, headers={"Accept": accept})

    assert answer.status_code == 406


@pytest.mark.parametrize(
    "accept", ["application/json", "*/*", "application/json, text/event-stream;q=0"]
)
async def test_a_subscription_for_who_wants_no_stream_is_406(client, accept):
    body = {"query": "subscription { notificationReceived { id } }"}
    answer = await client.post("/graphql", json=body, headers={"Accept": accept})

    assert answer.status_code == 406
    assert answer.json()["errors"] == [
        {
            "message": "a subscription has many answers: send Accept: text/event-stream, "
            "or use a WebSocket with the subprotocol graphql-transport-ws",
            "extensions": {"code": "BAD_USER_INPUT"},
        }
    ]


async def test_a_subscription_streams_to_who_names_it_among_others(client, database, ann):
    photo = await make_photo(database, ann)
    body = {"query": PHOTO, "variables": {"id": photo.id}}

    answer = await client.post("/graphql", json=body, headers={"Accept": URQL})

    assert answer.headers["content-type"] == STREAM
    ready = {"data": {"photoStatus": {"id": photo.id, "status": "READY"}}}
    written = json.dumps(ready, separators=(",", ":"))
    assert answer.text == f"event: next\ndata: {written}\n\nevent: complete\ndata:\n\n"


async def test_an_event_source_asks_by_get(client, database, ann):
    photo = await make_photo(database, ann)
    params = {"query": PHOTO, "variables": json.dumps({"id": photo.id})}

    answer = await client.get("/graphql", params=params, headers={"Accept": "text/event-stream"})

    assert (answer.status_code, answer.headers["content-type"]) == (200, STREAM)
    assert answer.text.count("event: next") == 1


async def test_get_still_changes_nothing(client, ann, bob, ask):
    answer = await client.get(
        "/graphql",
        params={
            "query": "mutation($id: ID!) { followUser(id: $id) { user { username } } }",
            "variables": json.dumps({"id": bob.id}),
        },
        headers={"Authorization": f"Bearer {ann.token}", "Accept": "text/event-stream"},
    )

    assert answer.status_code == 405
    assert await ask("{ viewer { followingCount } }", viewer=ann) == {
        "viewer": {"followingCount": 0}
    }


async def test_what_is_no_request_is_refused_in_json(client):
    answer = await client.post(
        "/graphql",
        content="[1]",
        headers={"Accept": "text/event-stream", "Content-Type": "application/json"},
    )

    assert answer.status_code == 400
    assert answer.json()["errors"][0]["extensions"] == {"code": "BAD_USER_INPUT"}


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("{ nothing }", "BAD_USER_INPUT"),
        ("subscription { notificationReceived { id } }", "UNAUTHENTICATED"),
    ],
)
async def test_what_cannot_be_executed_is_an_event_with_errors(api, query, code):
    async with events(api.url, query) as streamed:
        (name, body), last = [event async for event in streamed]

    assert (name, last) == ("next", ("complete", None))
    assert [error["extensions"]["code"] for error in body["errors"]] == [code]
    assert "data" not in body


async def test_a_quiet_stream_is_kept_alive(serving, database, ann, monkeypatch):
    monkeypatch.setattr(sse, "KEEP_ALIVE_S", 0.05)
    api = serving()
    photo = await make_photo(database, ann, is_ready=False)
    body = {"query": PHOTO, "variables": {"id": photo.id}}
    headers = {"Accept": "text/event-stream", "Authorization": f"Bearer {ann.token}"}

    async with (
        httpx.AsyncClient(timeout=DEADLINE_S) as client,
        client.stream("POST", f"{api.url}/graphql", json=body, headers=headers) as answer,
    ):
        text, chunks = "", answer.aiter_text()
        while text.partition("event: next\n")[2].count("\n\n:\n\n") == 0:
            text += await anext(chunks)
        assert text.count("event: ") == 1


async def test_a_server_that_ends_ends_its_streams(serving, database, ann):
    api = serving()
    photo = await make_photo(database, ann, is_ready=False)

    async with events(api.url, PHOTO, ann, id=photo.id) as streamed:
        await anext(streamed)
        await api.until_heeded(photo_topic(photo.key))
        api.streams.end()

        async with asyncio.timeout(DEADLINE_S):
            # Without `complete`, so that clients come back.
            assert [event async for event in streamed] == []
