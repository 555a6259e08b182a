"""The bucket as the server uses it, on a real store, and on stores that misbehave."""

import asyncio
import contextlib
import hashlib
import secrets
from dataclasses import replace
from datetime import timedelta

import pytest

from storage.objects import CHUNK_BYTES, THREADS, Head, ObjectMissing, Objects, StoreUnavailable


@pytest.fixture
def key():
    return f"tests/{secrets.token_hex(16)}"


async def test_what_is_written_is_read_again(objects, key):
    data = secrets.token_bytes(1000)

    await objects.write(key, data, "image/webp")

    assert await objects.read(key, 1000) == data
    etag = hashlib.md5(data).hexdigest()
    assert await objects.head(key) == Head(1000, "image/webp", etag)


async def test_writing_again_replaces(objects, key):
    await objects.write(key, b"first", "image/png")
    await objects.write(key, b"second", "image/webp")

    assert await objects.read(key, 100) == b"second"
    assert (await objects.head(key)).content_type == "image/webp"


@pytest.mark.parametrize("name", ["a b", "a+b", "a%2fb", "é", "a&b=c", "a'b", "日本/x.y~z"])
async def test_a_key_may_hold_anything(objects, key, name):
    await objects.write(f"{key}/{name}", b"there", "image/png")

    assert await objects.keys(f"{key}/") == [f"{key}/{name}"]
    assert await objects.read(f"{key}/{name}", 5) == b"there"


async def test_larger_than_allowed_is_not_read(objects, key):
    await objects.write(key, bytes(1000), "image/png")

    assert len(await objects.read(key, 1000)) == 1000
    with pytest.raises(ValueError, match="has more than 999 bytes"):
        await objects.read(key, 999)


async def test_what_is_missing(objects, key):
    assert await objects.head(key) is None
    with pytest.raises(ObjectMissing):
        await objects.read(key, 1)
    with pytest.raises(ObjectMissing):
        async with objects.stream(key, 0, 1):
            pass
    with pytest.raises(ObjectMissing):
        await objects.copy(key, f"{key}-copy")
    assert await objects.keys(key) == []


async def test_a_copy_has_the_bytes_and_the_type(objects, key):
    await objects.write(key, b"original", "image/avif")

    await objects.copy(key, f"{key}-copy")
    await objects.delete(key)

    assert await objects.head(key) is None
    assert await objects.read(f"{key}-copy", 100) == b"original"
    assert (await objects.head(f"{key}-copy")).content_type == "image/avif"


@pytest.mark.parametrize("encoding", ["gzip", "br", "aws-chunked"])
async def test_an_encoding_that_a_client_claims_is_not_believed(objects, http, key, encoding):
    headers = {"Content-Type": "image/jpeg"}
    url = objects.presigned_put(key, headers | {"Content-Length": "8"}, timedelta(hours=1))
    sent = headers | {"Content-Encoding": encoding}
    assert (await http.put(url, content=b"original", headers=sent)).status_code == 200

    assert await objects.read(key, 8) == b"original"
    async with objects.stream(key, 2, 4) as chunks:
        assert b"".join([chunk async for chunk in chunks]) == b"igin"


async def test_deleting_twice_is_deleting_once(objects, key):
    await objects.write(key, b"there", "image/png")
    for _ in range(2):
        await objects.delete(key)
        assert await objects.head(key) is None


async def test_keys_are_those_of_the_prefix_however_many(objects, key):
    names = [f"{key}/{n:04}" for n in range(25)]
    await asyncio.gather(*(objects.write(name, b"x", "image/png") for name in names))
    await objects.write(f"{key}-beside", b"x", "image/png")

    assert sorted(await objects.keys(f"{key}/")) == names


async def test_the_bucket_is_made_once(bucket):
    fresh = Objects(replace(bucket, name=f"picshare-{secrets.token_hex(6)}"))
    assert await fresh.is_reachable() is False

    assert [await fresh.ensure_bucket() for _ in range(2)] == [True, False]
    assert await fresh.is_reachable() is True


async def test_a_stream_gives_the_part_in_pieces(objects, key):
    data = secrets.token_bytes(3 * CHUNK_BYTES + 100)
    await objects.write(key, data, "image/png")

    async with objects.stream(key, 50, 2 * CHUNK_BYTES + 10) as chunks:
        pieces = [chunk async for chunk in chunks]

    assert b"".join(pieces) == data[50 : 2 * CHUNK_BYTES + 60]
    assert [len(piece) for piece in pieces] == [CHUNK_BYTES, CHUNK_BYTES, 10]


def idle_connections(objects):
    """How many connections to the store lie ready, and how many were opened at all."""
    ((_, pool),) = objects._client._http.pools._container.items()
    return sum(each is not None for each in pool.pool.queue), pool.num_connections


async def test_one_connection_serves_one_call_after_another(bucket, key):
    own = Objects(bucket)
    await own.write(key, bytes(2 * CHUNK_BYTES), "image/png")
    for _ in range(3):
        await own.read(key, 2 * CHUNK_BYTES)
        await own.head(key)
        async with own.stream(key, 0, 2 * CHUNK_BYTES) as chunks:
            assert len([chunk async for chunk in chunks]) == 2

    assert idle_connections(own) == (1, 1)


async def test_a_stream_that_is_left_gives_its_connection_back(bucket, key):
    own = Objects(bucket)
    await own.write(key, bytes(8 * CHUNK_BYTES), "image/png")
    for _ in range(THREADS + 4):
        async with own.stream(key, 0, 8 * CHUNK_BYTES) as chunks:
            await anext(chunks)

    assert idle_connections(own)[0] == 1
    assert len(await own.read(key, 8 * CHUNK_BYTES)) == 8 * CHUNK_BYTES


class Stalling:
    """A store that sends the head of an answer and a part of the body, and no more."""

    def __init__(self, answer=b""):
        self._answer = answer
        self.left = asyncio.Event()

    async def answer(self, reader, writer):
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            await reader.readuntil(b"\r\n\r\n")
            writer.write(self._answer)
            await writer.drain()
            await reader.read()
        self.left.set()
        writer.close()


@pytest.fixture
async def listening(bucket):
    """The bucket at a store that does what it is told to."""
    async with contextlib.AsyncExitStack() as stack:

        async def listening(answer):
            server = await asyncio.start_server(answer, "127.0.0.1", 0)
            await stack.enter_async_context(server)
            port = server.sockets[0].getsockname()[1]
            return Objects(replace(bucket, endpoint=f"http://127.0.0.1:{port}"))

        yield listening


HALF = b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\nETag: x\r\n\r\n" + bytes(500)


async def test_who_cancels_a_stream_closes_its_connection(monkeypatch, listening):
    monkeypatch.setattr("storage.wire.READ_TIMEOUT_S", 1)
    stalling = Stalling(HALF)
    objects = await listening(stalling.answer)

    opened = asyncio.Event()

    async def read():
        async with objects.stream("key", 0, 1000) as chunks:
            opened.set()
            return [chunk async for chunk in chunks]

    reading = asyncio.create_task(read())
    await asyncio.wait_for(opened.wait(), 20)
    while objects._threads.borrowed_tokens == 0:  # noqa: ASYNC110 - A limiter has no event.
        await asyncio.sleep(0)
    reading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reading

    await asyncio.wait_for(stalling.left.wait(), 20)
    assert objects._threads.borrowed_tokens == 0


async def test_a_store_that_breaks_off_is_unavailable(listening):
    async def break_off(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(HALF)
        writer.close()

    objects = await listening(break_off)

    with pytest.raises(StoreUnavailable):
        await objects.read("key", 1000)
    async with objects.stream("key", 0, 1000) as chunks:
        with pytest.raises(StoreUnavailable):
            [chunk async for chunk in chunks]


ODD = {
    "nothing": b"",
    "no HTTP": b"hello\r\n\r\n",
    "a web page": b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 6\r\n\r\n<html>",
    "an error page": (
        b"HTTP/1.1 404 Not Found\r\nContent-Type: text/html\r\nContent-Length: 6\r\n\r\n<html>"
    ),
    "busy": b"HTTP/1.1 503 Slow Down\r\nContent-Length: 0\r\n\r\n",
}


@pytest.mark.parametrize("kind", ["nothing", "no HTTP", "busy", "an error page"])
async def test_what_is_no_store_is_unavailable(listening, kind):
    async def odd(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(ODD[kind])
        writer.close()

    objects = await listening(odd)

    with pytest.raises(StoreUnavailable):
        await objects.read("key", 1000)
    assert await objects.is_reachable() is False


async def test_a_store_out_of_reach_is_unavailable_for_every_call(bucket, key):
    away = Objects(replace(bucket, endpoint="http://127.0.0.1:1"))

    assert await away.is_reachable() is False
    for call in (
        away.head(key),
        away.read(key, 1),
        away.write(key, b"x", "image/png"),
        away.copy(key, key),
        away.delete(key),
        away.keys(key),
        away.ensure_bucket(),
    ):
        with pytest.raises(StoreUnavailable, match="the object store cannot be reached"):
            await call
    with pytest.raises(StoreUnavailable):
        async with away.stream(key, 0, 1):
            pass


async def test_refused_keys_are_no_missing_object(bucket, key):
    refused = Objects(replace(bucket, secret_key="another secret"))

    with pytest.raises(StoreUnavailable, match="SignatureDoesNotMatch"):
        await refused.read(key, 1)
    assert await refused.is_reachable() is False
