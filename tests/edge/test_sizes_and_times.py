"""Whoever sends too much, too slowly, or reads too slowly is sent away; nobody else notices."""

import asyncio
import json

import httpx
import pytest
from graphql import get_introspection_query

from server.http import draining
from tests.edge.test_framing import GOOD, HEAD, HOST
from tests.subscriptions.clients import until

INTROSPECTION = get_introspection_query()
SILENT = 0


def _status(heard):
    return int(heard.split(b" ", 2)[1]) if heard else SILENT


@pytest.fixture
def answered(raw):
    async def answered(api, data):
        connection = raw(api)
        connection.say(data)
        return await asyncio.to_thread(connection.rest)

    return answered


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (b"GET /livez HTTP/1.1\r\n" + HOST + b"X: " + b"x" * 70_000 + b"\r\n\r\n", 431),
        (b"GET /livez HTTP/1.1\r\n" + HOST + b"X: " + b"x" * 500_000, 431),
        (b"GET /livez HTTP/1.1\r\n" + HOST + b"X: y\r\n" * 10_000 + b"\r\n", 431),
        (b"GET /livez HTTP/1.1\r\n" + HOST + b"X: y\r\n" * 100 + b"\r\n", 431),
        (b"GET /" + b"a" * 70_000 + b" HTTP/1.1\r\n" + HOST + b"\r\n", 414),
    ],
)
async def test_a_head_that_is_too_large_is_refused(serving, answered, complaints, data, status):
    found = await answered(serving(), data)

    # A server that stopped reading need not be heard.
    assert _status(found) in {status, SILENT}
    assert found.count(b"HTTP/1.1 ") <= 1
    assert complaints() == []


async def test_a_head_of_many_headers_is_read(serving):
    api = serving()

    async with httpx.AsyncClient() as client:
        headers = {f"X-{number}": "y" * 200 for number in range(90)}
        answer = await client.get(f"{api.url}/livez", headers=headers)

    assert answer.status_code == 200


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (b"", SILENT),
        (b"\r\n", 408),
        (b"GET /livez HT", 408),
        (b"GET /livez HTTP/1.1\r\n" + HOST, 408),
        (HEAD + b"Content-Length: 100\r\n\r\n" + b"x", 408),
        (HEAD + b"Transfer-Encoding: chunked\r\n\r\n1\r\nx\r\n", 408),
    ],
)
async def test_a_request_that_does_not_come_to_an_end_is_not_waited_for(
    serving, answered, complaints, data, status
):
    api = serving(head_timeout_s=0.5, body_timeout_s=0.5)

    found = await answered(api, data)

    assert _status(found) == status
    assert complaints() == []


async def test_a_trickle_of_bytes_buys_no_time(serving, raw):
    api = serving(head_timeout_s=0.5)
    connection = raw(api)
    connection.say(b"GET /livez HTTP/1.1\r\n")

    async def trickle():
        while connection.say(b"X: y\r\n"):  # noqa: ASYNC110 - Slow on purpose.
            await asyncio.sleep(0.05)

    async with asyncio.timeout(30):
        trickling = asyncio.create_task(trickle())
        found = await asyncio.to_thread(connection.rest)
        await trickling

    assert _status(found) in {408, SILENT}


async def test_after_an_early_answer_the_rest_of_the_body_is_not_read(serving, raw):
    api = serving()
    connection = raw(api)
    connection.say(HEAD + b"Content-Length: 50000000\r\n\r\n")
    piece, sent = b" " * 65_536, 0
    await asyncio.to_thread(lambda: [connection.say(piece) for _ in range(3)])

    head = await asyncio.to_thread(connection.until, b"\r\n\r\n")
    # What lies in the buffers of the system may still be taken.
    while sent < 50_000_000 and await asyncio.to_thread(connection.say, piece):
        sent += len(piece)

    assert _status(head) == 413
    assert sent < 20_000_000


async def test_a_peer_that_reads_nothing_is_left(serving, raw, monkeypatch):
    monkeypatch.setattr(draining, "LOOK_EVERY_S", 0.3)
    api = serving(max_tokens=5_000)
    connection = raw(api)
    await until(lambda: api.server.server_state.connections)
    query = json.dumps({"query": INTROSPECTION}).encode()
    large = HEAD + b"Content-Length: %d\r\n\r\n" % len(query) + query

    # Far more than the buffers of the system hold is answered, and nothing of it read.
    await asyncio.to_thread(lambda: all(connection.say(large) for _ in range(300)))
    await until(lambda: not api.server.server_state.connections)

    heard = await asyncio.to_thread(connection.rest)
    assert 0 < heard.count(b"HTTP/1.1 200 ") < 300
    async with httpx.AsyncClient() as client:
        assert (await client.get(f"{api.url}/livez")).status_code == 200


async def test_a_connection_that_is_not_used_again_is_ended(serving, raw):
    api = serving(head_timeout_s=0.4)
    api.server.config.timeout_keep_alive = 0.5
    used, silent = raw(api), raw(api)
    for connection in (used, silent):
        connection.say(GOOD)
        await asyncio.to_thread(connection.until, b'"Query"}}')

    # What comes between two requests is none.
    silent.say(GOOD + b"\r\n")
    await asyncio.to_thread(silent.until, b'"Query"}}')
    # Each request begins that time anew.
    for _ in range(4):
        await asyncio.sleep(0.3)
        used.say(GOOD)
        await asyncio.to_thread(used.until, b'"Query"}}')

    assert await asyncio.to_thread(silent.rest) == b""
    assert await asyncio.to_thread(used.rest) == b""


async def test_of_a_next_request_that_is_begun_the_rest_is_awaited(serving, raw):
    api = serving(head_timeout_s=0.4)
    api.server.config.timeout_keep_alive = 30
    together, apart = raw(api), raw(api)

    together.say(GOOD + b"POST /graphql HTTP/1.1\r\n")
    apart.say(GOOD)
    await asyncio.to_thread(apart.until, b'"Query"}}')
    apart.say(b"POST /graphql HTTP/1.1\r\n")

    assert b"HTTP/1.1 408 " in await asyncio.to_thread(together.rest)
    assert b"HTTP/1.1 408 " in await asyncio.to_thread(apart.rest)


async def test_one_connection_too_many_is_told_so(serving, raw):
    api = serving(max_connections=3)
    held = [raw(api) for _ in range(3)]
    for connection in held:
        connection.say(GOOD)
        await asyncio.to_thread(connection.until, b'"Query"}}')

    found = await asyncio.to_thread(raw(api).rest)

    assert _status(found) == 503
    assert b"retry-after: 1\r\n" in found
    held[0].socket.close()
    async with asyncio.timeout(30):
        while _status(await _livez(raw(api))) != 200:  # noqa: ASYNC110 - The server notices soon.
            await asyncio.sleep(0.05)


async def _livez(connection):
    connection.say(b"GET /livez HTTP/1.1\r\nConnection: close\r\n" + HOST + b"\r\n")
    return await asyncio.to_thread(connection.rest)
