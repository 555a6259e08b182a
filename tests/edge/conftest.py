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
        self.socket = socket.create_connection((host, int(port)), DEADLINE_S)

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
