"""An answer in one piece is, byte for byte, what it would be in messages."""

import gc
import re
from types import SimpleNamespace

import pytest
from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

from server.embedded.processes import await_condition
from server.http import connections, whole
from tests.edge.conftest import raw
from tests.subscriptions.conftest import complaints, serving

__all__ = ["complaints", "raw", "serving"]

HEAD = b"POST /graphql HTTP/1.1\r\nHost: here\r\nContent-Type: application/json\r\n"
BODY = b'{"query":"{ __typename }"}'
LENGTH = b"Content-Length: %d\r\n" % len(BODY)
GOOD = HEAD + LENGTH + b"\r\n" + BODY
# The last of a connection, so that the peer ends it.
CLOSE = b"Connection: close\r\n"
REQUESTS = {
    "a query": HEAD + CLOSE + LENGTH + b"\r\n" + BODY,
    "several": GOOD * 3 + HEAD + CLOSE + LENGTH + b"\r\n" + BODY,
    "of a page": HEAD + b"Origin: https://a.example\r\n" + CLOSE + LENGTH + b"\r\n" + BODY,
    "with an id": HEAD + b"X-Request-Id: of-mine-1\r\n" + CLOSE + LENGTH + b"\r\n" + BODY,
    "by its address": b"GET /graphql?query=%7B__typename%7D HTTP/1.1\r\nHost: here\r\n"
    + CLOSE
    + b"\r\n",
    "its head": b"HEAD /graphql?query=%7B__typename%7D HTTP/1.1\r\nHost: here\r\n"
    + CLOSE
    + b"\r\n",
    "HTTP/1.0": GOOD.replace(b"/1.1", b"/1.0", 1),
    "no JSON": HEAD + CLOSE + b"Content-Length: 2\r\n\r\n{]",
    "too large": HEAD + b"Content-Length: 9999999\r\n\r\n" + BODY,
    "nearly its address": b"GET /graphql%0A?query=%7B__typename%7D HTTP/1.1\r\nHost: here\r\n"
    + CLOSE
    + b"\r\n",
    "another method": b"PUT /graphql HTTP/1.1\r\nHost: here\r\n" + CLOSE + b"\r\n",
    "by a proxy": HEAD
    + b"X-Forwarded-For: 192.0.2.1\r\nX-Forwarded-Proto: https\r\n"
    + CLOSE
    + LENGTH
    + b"\r\n"
    + BODY,
}
CHANGING = re.compile(rb"(date: |x-request-id: |ratelimit: )[^\r]*")


def heard(connection, request):
    connection.say(request)
    return CHANGING.sub(rb"\1", connection.rest())


@pytest.mark.parametrize("request_of", REQUESTS.values(), ids=REQUESTS.keys())
def test_it_is_the_same_as_in_messages(serving, raw, monkeypatch, request_of):
    api = serving()
    with monkeypatch.context() as patched:
        patched.setattr(connections, "offer", lambda cycle: None)
        in_messages = heard(raw(api), request_of)
    in_one_piece = heard(raw(api), request_of)

    assert in_one_piece == in_messages
    assert in_one_piece.startswith(b"HTTP/1.1 ")
    assert b"x-content-type-options: " in in_one_piece


def test_it_leaves_in_one_piece(serving, raw, monkeypatch):
    written = []

    def spied(cycle):
        write = cycle.transport.write
        cycle.transport = Spy(cycle.transport, lambda data: (written.append(data), write(data)))
        whole.offer(cycle)

    monkeypatch.setattr(connections, "offer", spied)

    raw_answer = heard(raw(serving()), REQUESTS["a query"])

    assert len(written) == 1
    assert CHANGING.sub(rb"\1", written[0]) == raw_answer


class Spy:
    def __init__(self, transport, write):
        self._transport = transport
        self.write = write

    def __getattr__(self, name):
        return getattr(self._transport, name)


@pytest.mark.parametrize("value", [b"a\r\nb", b"a\nb", b"a\rb"])
def test_a_header_of_several_lines_is_never_sent(value):
    sent = []

    cycle = SimpleNamespace(
        response_started=False,
        disconnected=False,
        keep_alive=True,
        default_headers=(),
        scope={"method": "GET"},
        flow=SimpleNamespace(write_paused=False),
        transport=SimpleNamespace(write=sent.append),
    )
    whole.offer(cycle)
    answer = whole.whole(cycle.scope)

    with pytest.raises(RuntimeError):
        answer(200, [(b"x", value), (b"content-length", b"0")], b"")
    assert sent == []


def cycles():
    return sum(isinstance(one, RequestResponseCycle) for one in gc.get_objects())


def test_a_request_that_is_over_leaves_nothing_to_the_collector(serving, raw):
    connection = raw(serving())
    connection.say(GOOD)
    connection.until(b'"Query"}}')
    gc.collect()
    before = cycles()
    gc.disable()
    try:
        for _ in range(5):
            connection.say(GOOD)
            connection.until(b'"Query"}}')
        # The last one is what the connection has at hand.
        assert await_condition(lambda: cycles() <= before, 5)
    finally:
        gc.enable()
