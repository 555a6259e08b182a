"""An answer leaves as one piece where it can, and never waits for what does not come."""

import pytest

from server.http.joining import Joined

HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n"
PICTURE = b"HTTP/1.1 200 OK\r\ncontent-type: image/webp\r\ncontent-length: 2\r\n\r\n"
OPEN = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"


class Sent:
    def __init__(self):
        self.pieces = []
        self.is_closed = False

    def write(self, data):
        self.pieces.append(data)

    def close(self):
        self.is_closed = True


@pytest.fixture
def sent():
    return Sent()


def test_a_head_leaves_with_its_body(sent):
    answer = Joined(sent)

    answer.write(HEAD)
    assert sent.pieces == []
    answer.write(b"{}")
    answer.write(b"more")
    answer.flush()

    assert sent.pieces == [HEAD + b"{}", b"more"]


@pytest.mark.parametrize("first", [OPEN, PICTURE, b"HTTP/1.1 100 Continue\r\n\r\n"])
def test_what_need_not_be_followed_by_all_of_it_leaves_at_once(sent, first):
    answer = Joined(sent)

    answer.write(first)
    answer.write(HEAD)

    assert sent.pieces == [first, HEAD]


def test_a_head_without_a_body_leaves_when_the_answer_is_complete(sent):
    answer = Joined(sent)

    answer.write(HEAD)
    answer.flush()
    answer.flush()

    assert sent.pieces == [HEAD]


def test_a_head_leaves_before_the_connection_is_closed(sent):
    answer = Joined(sent)

    answer.write(HEAD)
    answer.close()

    assert (sent.pieces, sent.is_closed) == ([HEAD], True)
