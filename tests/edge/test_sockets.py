"""WebSockets of strangers: how many, how fast, from which pages, and in which pieces."""

import asyncio
import json
import secrets
import struct

import httpx
import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus

from server.graphql.frames import PROTOCOL
from server.http import draining
from tests.making import make_photo
from tests.subscriptions.clients import PHOTO, Socket, until

HANDSHAKE = (
    b"GET /graphql HTTP/1.1\r\nHost: api\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n"
    b"Sec-WebSocket-Protocol: " + PROTOCOL.encode() + b"\r\n\r\n"
)
INIT = '{"type": "connection_init"}'
TEXT, CONTINUATION, PING, LAST = 0x1, 0x0, 0x9, 0x80


def _frame(first, payload=b""):
    """A frame as a client sends it, under a mask of zeros."""
    size = len(payload)
    length = struct.pack("!B", 0x80 | size) if size < 126 else struct.pack("!BH", 0xFE, size)
    return bytes([first]) + length + bytes(4) + payload


@pytest.fixture
def spoken(serving, raw):
    """Opens a WebSocket by hand, says something, and waits for the end of the connection."""
    api = serving()

    async def spoken(data):
        connection = raw(api)
        connection.say(HANDSHAKE)
        await asyncio.to_thread(connection.until, b"\r\n\r\n")
        connection.say(data)
        return await asyncio.to_thread(connection.rest)

    return spoken


def _code(heard):
    place = heard.index(b"\x88")
    return struct.unpack("!H", heard[place + 2 : place + 4])[0]


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (_frame(TEXT | LAST, b"\xff\xfe"), 1007),
        (_frame(TEXT, b"\xc3") + _frame(CONTINUATION | LAST, b"("), 1007),
        (_frame(TEXT, b"x") + _frame(CONTINUATION) * 300, 1009),
        (_frame(TEXT, b"x" * 60_000) + _frame(CONTINUATION, b"x" * 60_000), 1009),
        (_frame(CONTINUATION | LAST, b"x"), 1002),
        (_frame(0x3 | LAST), 1002),
        (_frame(0x40 | TEXT | LAST), 1002),
        (_frame(PING), 1002),
        (_frame(PING | LAST, b"x" * 126), 1002),
    ],
)
async def test_a_broken_frame_ends_the_socket_in_silence(spoken, complaints, data, code):
    assert _code(await spoken(data)) == code
    assert complaints() == []


@pytest.mark.parametrize(
    ("origin", "is_welcome"),
    [
        (None, True),
        ("https://photos.example", True),
        ("https://evil.example", False),
        ("https://photos.example.evil.example", False),
        ("http://photos.example", False),
        ("https://evil-photos.example", False),
        ("null", False),
    ],
)
async def test_a_page_of_an_origin_that_is_not_named_opens_none(serving, origin, is_welcome):
    api = serving(allowed_origins="https://photos.example, https://other.example")
    headers = {"Origin": origin} if origin else {}

    if is_welcome:
        async with api.connect(additional_headers=headers) as connection:
            assert connection.subprotocol == PROTOCOL
    else:
        with pytest.raises(InvalidStatus) as refused:
            await api.connect(additional_headers=headers)
        assert refused.value.response.status_code == 403
    async with httpx.AsyncClient() as client:
        answer = await client.post(
            f"{api.url}/graphql", json={"query": "{ __typename }"}, headers=headers
        )
    allowed = answer.headers.get("access-control-allow-origin")
    assert allowed == (origin if is_welcome else None)


async def test_a_user_has_so_many_sockets(serving, ann, bob):
    api = serving(max_sockets_per_user=2)
    token = {"Authorization": f"Bearer {ann.token}"}

    async with api.socket(ann), api.socket(bob), api.connect() as third:
        async with api.socket(ann):
            await Socket(third).send(type="connection_init", payload=token)
            code, reason = await Socket(third).closed()
        assert (code, reason) == (4429, "Too many sockets: a user has at most 2")
        # The place of one that is closed is free again.
        async with asyncio.timeout(30):
            while not await _opens(api, token):  # noqa: ASYNC110 - The server notices soon.
                await asyncio.sleep(0.02)


async def _opens(api, token):
    async with api.connect() as connection:
        socket = Socket(connection)
        try:
            await socket.send(type="connection_init", payload=token)
            return await socket.receive() == {"type": "connection_ack"}
        except ConnectionClosed:
            return False


async def test_an_address_has_so_many_sockets(serving):
    api = serving(max_sockets_per_address=2, trusted_proxies="127.0.0.1")
    other = {"X-Forwarded-For": "203.0.113.7"}

    async with api.socket(), api.socket():
        with pytest.raises(InvalidStatus) as refused:
            await api.connect()
        async with api.connect(additional_headers=other) as connection:
            assert connection.subprotocol == PROTOCOL

    assert refused.value.response.status_code == 429
    assert refused.value.response.headers["retry-after"] == "10"


async def test_who_sends_too_much_is_closed(serving):
    api = serving(socket_messages_per_s=1)

    async with api.connect() as connection:
        for _ in range(7):
            await connection.send('{"type": "ping"}')

        assert await Socket(connection).closed() == (4429, "Too many messages: at most 1 a second")


async def test_a_peer_that_reads_nothing_is_left(serving, raw, monkeypatch, database, ann):
    monkeypatch.setattr(draining, "LOOK_EVERY_S", 0.3)
    api = serving(socket_messages_per_s=10_000, rate_store="off")
    # A hundred at a time are answered: 10 MB, far more than the buffers of the system hold.
    photos = [await make_photo(database, ann, caption="x" * 2_000) for _ in range(50)]
    ids = ", ".join(f'"{photo.id}"' for photo in photos)
    connection = raw(api)
    connection.say(HANDSHAKE)
    await asyncio.to_thread(connection.until, b"\r\n\r\n")
    connection.say(_frame(TEXT | LAST, INIT.encode()))
    await asyncio.to_thread(connection.until, b"connection_ack")
    query = f"{{ nodes(ids: [{ids}]) {{ ... on Photo {{ caption }} }} }}"

    def ask():
        said = True
        for number in range(2_000):
            members = {"type": "subscribe", "id": str(number), "payload": {"query": query}}
            message = json.dumps(members).encode()
            said = said and connection.say(_frame(TEXT | LAST, message))

    asking = asyncio.create_task(asyncio.to_thread(ask))
    await until(lambda: not api.server.server_state.connections)
    await asyncio.wait_for(asking, 60)


async def test_what_becomes_private_is_told_to_nobody_else(serving, database, ask, ann, bob):
    """Rights are those of the moment at which an event is delivered."""
    api = serving()
    photo = await make_photo(database, ann)
    hide = "mutation($input: UpdatePhotoInput!) { updatePhoto(input: $input) { errors { code } } }"
    answer = await ask(hide, viewer=ann, input={"id": photo.id, "visibility": "PRIVATE"})
    assert answer == {"updatePhoto": {"errors": []}}

    async with api.socket(bob) as socket:
        await socket.subscribe(PHOTO, id=photo.id)
        message = await socket.receive()

    assert message["type"] in {"error", "complete", "next"}
    assert photo.id not in str(message)


async def test_each_operation_reads_for_itself(serving, ask, ann):
    api = serving()
    rename = "mutation($n: String!) { updateProfile(input: {displayName: $n}) { errors { code } } }"

    async with api.socket(ann) as socket:
        for name in (secrets.token_hex(4), secrets.token_hex(4)):
            await ask(rename, viewer=ann, n=name)
            await socket.subscribe("{ viewer { displayName } }")
            assert await socket.next() == {"viewer": {"displayName": name}}
            assert (await socket.receive())["type"] == "complete"
