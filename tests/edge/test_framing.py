"""Where a request ends is never in doubt: what is ambiguous is refused, and the connection ends."""

import asyncio
import json

import pytest

HOST = b"Host: api\r\n"
BODY = json.dumps({"query": "{ __typename }"}).encode()
HEAD = b"POST /graphql HTTP/1.1\r\n" + HOST + b"Content-Type: application/json\r\n"
LENGTH = b"Content-Length: %d\r\n" % len(BODY)
CHUNKED = b"Transfer-Encoding: chunked\r\n"
CHUNKS = b"%x\r\n%b\r\n0\r\n\r\n" % (len(BODY), BODY)
GOOD = HEAD + LENGTH + b"\r\n" + BODY
LAST = HEAD + LENGTH + b"Connection: close\r\n\r\n" + BODY


def _given(headers, body):
    return HEAD + headers + b"\r\n" + body


AMBIGUOUS = {
    "length and chunks": _given(LENGTH + CHUNKED, CHUNKS),
    "chunks and length": _given(CHUNKED + LENGTH, CHUNKS),
    "two lengths": _given(LENGTH + b"Content-Length: 1\r\n", BODY),
    "one length twice": _given(LENGTH + LENGTH, BODY),
    "a list of lengths": _given(b"Content-Length: 5, 5\r\n", BODY),
    "a length with a sign": _given(b"Content-Length: +5\r\n", BODY),
    "a negative length": _given(b"Content-Length: -1\r\n", BODY),
    "a hexadecimal length": _given(b"Content-Length: 0x5\r\n", BODY),
    "a length beyond 64 bits": _given(b"Content-Length: 99999999999999999999999\r\n", BODY),
    "another coding": _given(b"Transfer-Encoding: xchunked\r\n", CHUNKS),
    "no coding": _given(b"Transfer-Encoding: identity\r\n", CHUNKS),
    "chunks inside": _given(b"Transfer-Encoding: chunked, identity\r\n", CHUNKS),
    "a coding before chunks": _given(b"Transfer-Encoding: gzip, chunked\r\n", CHUNKS),
    "two codings": _given(CHUNKED + b"Transfer-Encoding: identity\r\n", CHUNKS),
    "a blank before the colon": _given(b"Transfer-Encoding : chunked\r\n", CHUNKS),
    "a folded header": _given(b"Transfer-Encoding:\r\n chunked\r\n", CHUNKS),
    "a folded header of no meaning": _given(LENGTH + b"X: a\r\n b\r\n", BODY),
    "chunks of HTTP/1.0": _given(CHUNKED, CHUNKS).replace(b"/1.1", b"/1.0", 1),
    "bare line feeds": GOOD.replace(b"\r\n", b"\n"),
    "a bare carriage return": _given(LENGTH + b"X: a\rY: b\r\n", BODY),
    "a NUL": _given(LENGTH + b"X: a\0b\r\n", BODY),
    "a chunk size that is none": _given(CHUNKED, b"zz\r\n" + CHUNKS),
    "a chunk size beyond 64 bits": _given(CHUNKED, b"fffffffffffffffff\r\n" + CHUNKS),
    "chunks with bare line feeds": _given(CHUNKED, CHUNKS.replace(b"\r\n", b"\n")),
    "no host": GOOD.replace(HOST, b""),
    "two hosts": GOOD.replace(HOST, HOST + b"Host: other\r\n"),
    "a target on another host": GOOD.replace(b"/graphql", b"http://other/graphql", 1),
    "TLS": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(40),
    "HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "HTTP/0.9": b"GET /graphql\r\n\r\n",
    "HTTP/9.9": GOOD.replace(b"/1.1", b"/9.9", 1),
    "a tunnel": b"CONNECT other:1 HTTP/1.1\r\n" + HOST + b"\r\n",
    "a path of raw bytes": GOOD.replace(b"/graphql", b"/\xff", 1),
}


@pytest.fixture
def heard(serving, raw):
    """All that is answered to some bytes, until the server ends the connection."""
    api = serving()

    async def heard(data):
        connection = raw(api)
        connection.say(data)
        return await asyncio.to_thread(connection.rest)

    return heard


async def test_what_is_ambiguous_is_400_and_the_end(heard, complaints):
    for name, data in AMBIGUOUS.items():
        # Whoever reads on would find a whole request behind it.
        found = await heard(data + GOOD)

        assert found.startswith(b"HTTP/1.1 400 "), (name, found)
        assert found.count(b"HTTP/1.1 ") == 1, (name, found)
        assert b"connection: close\r\n" in found, name
    assert complaints() == []


async def test_requests_in_a_row_are_answered_in_their_order(heard):
    found = await heard(_given(CHUNKED, CHUNKS) + GOOD + LAST)

    assert found.count(b"HTTP/1.1 200 ") == 3
    assert found.count(b'{"data":{"__typename":"Query"}}') == 3


async def test_a_target_that_names_the_host_again_is_one_of_ours(heard):
    found = await heard(LAST.replace(b"/graphql", b"http://api/graphql", 1))

    assert found.startswith(b"HTTP/1.1 200 ")


@pytest.mark.parametrize("garbage", [b"\x00\x01\r\n\r\n", b"POST / HTTP/1.1\r\n\r\n"])
async def test_what_comes_behind_a_whole_request_does_not_disturb_its_answer(heard, garbage):
    found = await heard(GOOD + garbage)

    assert found.startswith(b"HTTP/1.1 200 ")
    assert found.count(b"HTTP/1.1 ") == 1
    assert found.endswith(b'{"data":{"__typename":"Query"}}')


async def test_behind_a_refused_body_nothing_is_read(heard):
    large = b"x" * 131_073
    head = HEAD + b"Content-Length: %d\r\n\r\n" % (len(large) + 1)

    found = await heard(head + large + GOOD)

    assert found.startswith(b"HTTP/1.1 413 ")
    assert found.count(b"HTTP/1.1 ") == 1


async def test_an_upgrade_to_something_else_is_not_followed(heard):
    upgrade = b"Connection: Upgrade\r\nUpgrade: h2c\r\n"

    found = await heard(_given(LENGTH + upgrade, BODY) + GOOD)

    assert found.count(b"HTTP/1.1 ") == 1
