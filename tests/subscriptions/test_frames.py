"""The protocol graphql-transport-ws: what is answered, and how each wrong word ends."""

import json
from contextlib import suppress

import pytest
from websockets.exceptions import ConnectionClosed

from server.graphql import websocket
from server.graphql.frames import PROTOCOL
from tests.making import make_photo
from tests.subscriptions.clients import PHOTO, Socket

INIT = '{"type": "connection_init"}'
TYPENAME = {"query": "{ __typename }"}
ID = '{"type": "subscribe", "id": "1", "payload": %s}'


def _subscribe(**payload):
    return json.dumps({"type": "subscribe", "id": "1", "payload": payload})


@pytest.mark.parametrize(
    ("frames", "code"),
    [
        (["hello"], 4400),
        ([b"\x00\x01"], 4400),
        (["1"], 4400),
        (["null"], 4400),
        (['["connection_init"]'], 4400),
        ([""], 4400),
        (["[" * 60_000], 4400),
        (['{"type": "connection_init"'], 4400),
        (['{"id": "1", "payload": {}}'], 4400),
        (['{"type": 7}'], 4400),
        (['{"type": ["ping"]}'], 4400),
        (['{"type": "start", "id": "1", "payload": {}}'], 4400),
        (['{"type": "connection_ack"}'], 4400),
        (['{"type": "connection_init", "payload": []}'], 4400),
        (['{"type": "connection_init", "payload": {"Authorization": 7}}'], 4400),
        ([INIT, '{"type": "ping", "payload": "x"}'], 4400),
        ([INIT, '{"type": "complete"}'], 4400),
        ([INIT, '{"type": "subscribe", "payload": {"query": "{ __typename }"}}'], 4400),
        ([INIT, '{"type": "subscribe", "id": ["1"], "payload": {"query": "{ a }"}}'], 4400),
        ([INIT, '{"type": "subscribe", "id": "", "payload": {"query": "{ a }"}}'], 4400),
        ([INIT, json.dumps({"type": "complete", "id": "1" * 129})], 4400),
        ([INIT, '{"type": "subscribe", "id": "1"}'], 4400),
        ([INIT, ID % "7"], 4400),
        ([INIT, _subscribe(query=7)], 4400),
        ([INIT, _subscribe(query="")], 4400),
        ([INIT, _subscribe(query="{ __typename }", variables="x")], 4400),
        ([INIT, _subscribe(query="{ __typename }", operationName=1)], 4400),
        ([INIT, _subscribe(query="{ __typename }", extensions=[])], 4400),
        ([INIT, _subscribe(query="{ __typename }\0")], 4400),
        ([INIT, ID % ('{"query": "{ a }", "variables": {"a": %s}}' % ("[" * 80 + "]" * 80))], 4400),
        ([_subscribe(**TYPENAME)], 4401),
        (['{"type": "ping"}', _subscribe(**TYPENAME)], 4401),
        ([json.dumps({"type": "connection_init", "payload": {"Authorization": "Bearer x"}})], 4403),
        ([json.dumps({"type": "connection_init", "payload": {"authorization": "x"}})], 4403),
        ([INIT, INIT], 4429),
        ([INIT, '{"type": "ping", "payload": {"a": "%s"}}' % ("x" * 65_536)], 1009),
        (["x" * 10_000_000], 1009),
    ],
)
async def test_a_wrong_frame_ends_the_socket_with_its_code(api, complaints, frames, code):
    async with api.connect() as connection:
        # A server that stopped reading need not take the rest.
        with suppress(ConnectionClosed):
            for frame in frames:
                await connection.send(frame)
        found, reason = await Socket(connection).closed()

    assert found == code
    assert len(reason.encode()) <= 123
    assert complaints() == []


async def test_text_that_is_not_utf_8_ends_the_socket_as_well(api):
    async with api.connect() as connection:
        await connection.send(b"\xff\xfe", text=True)

        assert (await Socket(connection).closed())[0] == 1007


async def test_one_id_is_one_operation(api, database, ann):
    photo = await make_photo(database, ann, is_ready=False)

    async with api.socket(ann) as socket:
        await socket.subscribe(PHOTO, called="x", id=photo.id)
        assert (await socket.next())["photoStatus"]["status"] == "PROCESSING"
        await socket.subscribe("{ __typename }", called="x")

        assert await socket.closed() == (4409, "Subscriber for x already exists")


async def test_who_says_nothing_is_closed(serving, monkeypatch):
    monkeypatch.setattr(websocket, "INIT_TIMEOUT_S", 0.2)
    api = serving()

    async with api.connect() as connection:
        await connection.send('{"type": "ping"}')

        assert await Socket(connection).closed() == (4408, "Connection initialisation timeout")


@pytest.mark.parametrize("protocols", [None, ["graphql-ws"], ["graphql-ws", "mqtt"]])
async def test_another_protocol_is_not_spoken(api, protocols):
    async with api.connect(subprotocols=protocols) as connection:
        assert await Socket(connection).closed() == (4406, f"Subprotocol must be {PROTOCOL}")


async def test_ours_is_chosen_among_several(api):
    async with api.connect(subprotocols=["graphql-ws", PROTOCOL]) as connection:
        assert connection.subprotocol == PROTOCOL


async def test_a_ping_is_answered_with_its_payload(api):
    async with api.connect() as connection:
        socket = Socket(connection)
        await socket.send(type="ping")
        assert await socket.receive() == {"type": "pong"}
        await socket.send(type="connection_init")
        assert await socket.receive() == {"type": "connection_ack"}
        await socket.send(type="pong")
        await socket.send(type="ping", payload={"a": 1})
        assert await socket.receive() == {"type": "pong", "payload": {"a": 1}}


async def test_queries_and_mutations_work_as_by_post(api, ask, ann, bob):
    follow = "mutation($id: ID!) { followUser(id: $id) { user { viewerFollow } } }"

    async with api.socket(ann) as socket:
        id = await socket.subscribe(follow, id=bob.id)
        assert await socket.next() == {"followUser": {"user": {"viewerFollow": "FOLLOWING"}}}
        assert await socket.receive() == {"id": id, "type": "complete"}
        await socket.subscribe("query($n: String!) { user(username: $n) { id } }", n=bob.username)
        assert await socket.next() == {"user": {"id": bob.id}}

    assert await ask("{ viewer { followingCount } }", viewer=ann) == {
        "viewer": {"followingCount": 1}
    }


async def test_the_header_of_the_handshake_names_the_caller_as_well(api, ann):
    headers = {"Authorization": f"Bearer {ann.token}"}
    async with api.connect(additional_headers=headers) as connection:
        socket = Socket(connection)
        await socket.send(type="connection_init")
        assert await socket.receive() == {"type": "connection_ack"}
        await socket.subscribe("{ viewer { username } }")
        assert await socket.next() == {"viewer": {"username": ann.username}}


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("{", "BAD_USER_INPUT"),
        ("{ nothing }", "BAD_USER_INPUT"),
        ("query A { __typename } query B { __typename }", "BAD_USER_INPUT"),
        ("subscription { photoStatus { id } }", "BAD_USER_INPUT"),
        (
            'subscription { a: photoStatus(id: "x") { id } notificationReceived { id } }',
            "BAD_USER_INPUT",
        ),
        ("subscription($id: ID!) { photoStatus(id: $id) { id } }", "BAD_USER_INPUT"),
        ("subscription { notificationReceived { id } }", "UNAUTHENTICATED"),
    ],
)
async def test_an_operation_that_cannot_be_executed_leaves_the_others_alone(api, query, code):
    async with api.socket() as socket:
        id = await socket.subscribe(query)

        message = await socket.receive()

        assert (message["id"], message["type"]) == (id, "error")
        assert message["payload"][0]["extensions"] == {"code": code}
        await socket.subscribe("{ __typename }")
        assert await socket.next() == {"__typename": "Query"}


async def test_a_socket_carries_a_bounded_number_of_operations(serving, database, ann):
    api, most = serving(max_operations_per_socket=5), 5
    photo = await make_photo(database, ann, is_ready=False)

    async with api.socket(ann) as socket:
        for _ in range(most):
            await socket.subscribe(PHOTO, id=photo.id)
        one_more = await socket.subscribe(PHOTO, id=photo.id)
        messages = [await socket.receive() for _ in range(most + 1)]

        refused = [message for message in messages if message["type"] != "next"]
        assert [(message["id"], message["type"]) for message in refused] == [(one_more, "error")]
        assert refused[0]["payload"][0]["extensions"] == {"code": "RATE_LIMITED"}
        await socket.send(id="1", type="complete")
        await socket.subscribe("{ __typename }")
        assert await socket.next() == {"__typename": "Query"}


async def test_a_peer_that_reads_nothing_holds_up_nobody_else(api, database, ann, bob):
    photos = [await make_photo(database, ann, caption="x" * 2_000) for _ in range(20)]
    query = "query($ids: [ID!]!) { nodes(ids: $ids) { ... on Photo { caption } } }"
    payload = {"query": query, "variables": {"ids": [photo.id for photo in photos]}}

    async with api.connect(max_queue=1, close_timeout=0.1) as deaf, api.socket(bob) as socket:
        await deaf.send(INIT)
        for number in range(90):
            await deaf.send(
                json.dumps({"type": "subscribe", "id": str(number), "payload": payload})
            )
        await socket.subscribe("{ viewer { username } }")
        assert await socket.next() == {"viewer": {"username": bob.username}}


async def test_a_server_that_ends_says_so(serving, ann):
    api = serving()

    async with api.socket(ann) as socket:
        await socket.subscribe("subscription { notificationReceived { id } }")
        await api.until_told(ann)
        api.server.should_exit = True

        code, _ = await socket.closed()

    assert code == 1012
