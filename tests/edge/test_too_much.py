"""H4: what is far too large, sent to a whole server: it takes little of it, and keeps nothing."""

import asyncio
import gzip
import socket
from contextlib import suppress

import psutil
import pytest

from server.http.connections import BOUNDS
from tests.load.apis import serving
from tests.load.shooting import tell

HEAD = b"POST /graphql HTTP/1.1\r\nHost: api\r\nContent-Type: application/json\r\n"
GET = b"GET /graphql?query=%7B__typename%7D"
MOST_BODY = 131_072
MOST_MORE = 64 * 1024
MOST_MIB = 16
TIMES = 20
PIECE = 16_384
LARGE = 50_000_000
BOMB = gzip.compress(b" " * LARGE + b'{"query": "{ __typename }"}')


def chunks(size):
    return (f"{PIECE:x}\r\n".encode() + b" " * PIECE + b"\r\n") * (size // PIECE)


def headers(count, size=1):
    return b"".join(b"X%d: %b\r\n" % (number, b"y" * size) for number in range(count))


# What is sent, the most that may be read of it but for the last 64 kB, and the answers to it.
CASES = {
    "50 MB": (HEAD + b"Content-Length: %d\r\n\r\n" % LARGE + b" " * LARGE, MOST_BODY, {413}),
    "endless chunks": (
        HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + chunks(LARGE), MOST_BODY, {413}),
    "more than was said": (
        HEAD + b"Content-Length: 4\r\n\r\n" + b"null" + b" " * LARGE, BOUNDS.head_bytes, {400}),
    "less than was said": (
        HEAD + b"Content-Length: %d\r\n\r\n" % LARGE + b" " * 1_000_000, MOST_BODY, {413}),
    "a length beyond all": (
        HEAD + b"Content-Length: " + b"9" * 30 + b"\r\n\r\n" + b" " * LARGE, MOST_BODY, {400}),
    "a bomb": (
        HEAD + b"Content-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(BOMB) + BOMB,
        MOST_BODY, {400}),
    "a header of 70 kB": (
        GET + b" HTTP/1.1\r\nHost: api\r\nX: " + b"y" * 70_000 + b"\r\n\r\n",
        BOUNDS.head_bytes, {431}),
    "a header without end": (
        GET + b" HTTP/1.1\r\nHost: api\r\nX: " + b"y" * LARGE, BOUNDS.head_bytes, {431}),
    "10,000 headers": (
        GET + b" HTTP/1.1\r\nHost: api\r\n" + headers(10_000) + b"\r\n", BOUNDS.head_bytes, {431}),
    "10,000 headers of 5 kB": (
        GET + b" HTTP/1.1\r\nHost: api\r\n" + headers(10_000, 5_000) + b"\r\n",
        BOUNDS.head_bytes, {431}),
    "10,000 parameters": (
        GET + b"&a=b" * 10_000 + b" HTTP/1.1\r\nHost: api\r\n\r\n", BOUNDS.head_bytes, {414}),
    "an address without end": (GET + b"a" * LARGE, BOUNDS.head_bytes, {414}),
}  # fmt: skip


@pytest.fixture
def api(settings, database, objects, tmp_path):
    with serving(settings.model_copy(update={"drain_s": 0.0}), tmp_path / "log") as api:
        yield api


def taken(api):
    """Bytes that the process has read so far, from whatever it reads."""
    return psutil.Process(api.process.pid).io_counters().read_chars


def sent(api, data):
    """The status of the answer, 0 where there is none."""
    with socket.create_connection(("127.0.0.1", api.port), 30) as connection:
        # What cannot be sent any more, nobody reads.
        with suppress(OSError):
            connection.sendall(data)
        heard = b""
        with suppress(OSError):
            connection.shutdown(socket.SHUT_WR)
            while piece := connection.recv(65_536):
                heard += piece
    return int(heard.split(b" ", 2)[1]) if heard else 0


async def all_is_counted(api):
    before = taken(api)
    largest = HEAD + b"Content-Length: %d\r\n\r\n" % MOST_BODY + b" " * MOST_BODY
    assert await asyncio.to_thread(sent, api, largest) == 400
    assert len(largest) <= taken(api) - before <= len(largest) + 1_000


@pytest.mark.torture
@pytest.mark.parametrize("name", CASES)
async def test_little_is_read_of_what_is_too_much(api, name):
    data, limit, answers = CASES[name]
    await all_is_counted(api)
    before, memory, found, most, grown = taken(api), api.memory(), set(), 0, 0.0
    for _ in range(TIMES):
        found.add(await asyncio.to_thread(sent, api, data))
        most, before = max(most, taken(api) - before), taken(api)
        grown = max(grown, api.memory() - memory)
    tell(
        f"H4, {name}: {found}, at most {most / 1024:.0f} KiB read of "
        f"{len(data) / 1024:,.0f}; +{grown:.1f} MiB"
    )

    # Who is still sending may be cut off before the answer.
    assert found <= answers | {0}
    assert most <= limit + MOST_MORE
    assert grown <= MOST_MIB
    assert api.complaints() == []
