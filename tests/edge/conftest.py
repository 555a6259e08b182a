"""Servers as strangers meet them: over raw connections, with limits small enough to reach."""

import socket

import pytest

from tests.subscriptions.conftest import complaints, serving

__all__ = ["complaints", "serving"]

DEADLINE_S = 30


class Raw:
    """One connection on which anything can be said."""

    def __init__(self, url):
        host, _, port = url.removeprefix("http://").partition(":")
        self.socket = socket.socket()
        self.socket.settimeout(DEADLINE_S)
        # Else the system may take tens of megabytes for who reads nothing.
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65_536)
        self.socket.connect((host, int(port)))

    def say(self, data):
        """Send what the other side still takes."""
        try:
            self.socket.sendall(data)
        except (BrokenPipeError, ConnectionResetError):
            return False
        return True

    def rest(self):
        """Everything until the other side ends the connection."""
        heard = b""
        try:
            while piece := self.socket.recv(65_536):
                heard += piece
        except ConnectionResetError:
            pass
        return heard

    def until(self, end):
        heard = b""
        while end not in heard:
            piece = self.socket.recv(65_536)
            assert piece, heard
            heard += piece
        return heard


@pytest.fixture
def raw():
    """Opens raw connections that are closed in the end."""
    opened = []

    def raw(api):
        opened.append(Raw(api.url))
        return opened[-1]

    yield raw
    for each in opened:
        each.socket.close()
