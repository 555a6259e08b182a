"""The head of an answer leaves together with its body: one call of the system, and one packet."""

import asyncio
from typing import Final

# Of JSON that says how long it is the body follows at once; that of a picture is yet to be fetched.
_LENGTH: Final = b"\r\ncontent-length: "
_JSON: Final = b"\r\ncontent-type: application/"


class Joined:
    """Where one answer is written to; whoever completes it flushes."""

    __slots__ = ("_head", "_is_begun", "_transport")

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self._head = b""
        self._is_begun = False

    def write(self, data: bytes) -> None:
        """Send it with the head, if that waits; keep it if it is such a head."""
        if not self._is_begun:
            self._is_begun = True
            if _LENGTH in data and _JSON in data:
                self._head = data
                return
        if self._head:
            data, self._head = self._head + data, b""
        self._transport.write(data)

    def flush(self) -> None:
        """Send a head that no body has followed."""
        if self._head:
            self.write(b"")

    def close(self) -> None:
        """Send what waits, and nothing more."""
        self.flush()
        self._transport.close()

    def is_closing(self) -> bool:
        """Whether nothing more can be sent."""
        return self._transport.is_closing()
