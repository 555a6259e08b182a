"""Answers as a connection carries them: whole, in order, and heads that no body follows."""

import pytest

from tests.edge.conftest import raw
from tests.subscriptions.conftest import complaints, serving

__all__ = ["complaints", "raw", "serving"]

TYPENAME = b'{"query":"{ __typename }"}'
POST = (
    b"POST /graphql HTTP/1.1\r\nHost: here\r\nContent-Type: application/json\r\n"
    b"Content-Length: %d\r\n\r\n%b" % (len(TYPENAME), TYPENAME)
)
LAST = b"GET /livez HTTP/1.1\r\nHost: here\r\nConnection: close\r\n\r\n"


@pytest.mark.parametrize("method", [b"HEAD", b"GET"])
async def test_a_head_comes_with_a_body_and_without(serving, raw, method):
    connection = raw(serving())
    connection.say(LAST.replace(b"GET", method))

    head, _, body = connection.rest().partition(b"\r\n\r\n")

    assert head.startswith(b"HTTP/1.1 200 ")
    assert b"content-length: " in head
    assert bool(body) is (method == b"GET")


async def test_requests_in_one_piece_are_answered_in_their_order(serving, raw):
    connection = raw(serving())
    connection.say(POST * 3 + LAST)

    heard = connection.rest()

    assert heard.count(b"HTTP/1.1 200 ") == 4
    assert heard.count(b'{"data":{"__typename":"Query"}}') == 3
