"""WebSockets as uvicorn speaks them, with an end to what has none there.

Source: RFC 6455, https://www.rfc-editor.org/rfc/rfc6455.
"""

from typing import Any, Final

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.frames import CloseCode, Frame

from server.http.draining import Draining

MAX_FRAGMENTS: Final = 256
# How long a peer may take to answer a closing frame and to read what was sent before.
CLOSE_S: Final = 10.0


class SocketConnection(Draining, WebSocketsSansIOProtocol):
    """One WebSocket: whatever comes is bounded, and whoever is silent is left."""

    def handle_cont(self, event: Frame) -> None:
        """Take a piece of a message; pieces without a byte in them count as well."""
        if len(self.frames) >= MAX_FRAGMENTS:
            self._end(CloseCode.MESSAGE_TOO_BIG, "too many fragments")
            return
        super().handle_cont(event)

    def send_receive_event_to_app(self) -> None:
        """Pass a whole message on; text that is not UTF-8 ends the socket, silently."""
        if self.curr_msg_data_type == "text":
            try:
                b"".join(self.frames).decode()
            except UnicodeDecodeError:
                self._end(CloseCode.INVALID_DATA, "text must be UTF-8")
                return
        super().send_receive_event_to_app()

    def handle_ping(self) -> None:
        """Answer, unless the peer reads nothing: the last of many pings is enough to answer."""
        if self.writable.is_set():
            super().handle_ping()
        else:
            self.conn.data_to_send()

    def keepalive_timeout(self) -> None:
        """Leave a peer that answers no ping, and does not read either."""
        super().keepalive_timeout()
        self.transport.abort()

    async def send(self, message: Any) -> None:
        """Send; a peer that does not answer the last frame is left after a while."""
        await super().send(message)
        if message["type"] == "websocket.close":
            self.loop.call_later(CLOSE_S + 1, self._leave)

    def shutdown(self) -> None:
        """Say that the server restarts; whoever does not read it is left after a while."""
        super().shutdown()
        self.loop.call_later(CLOSE_S, self._leave)

    def _leave(self) -> None:
        if not self.disconnected:
            self.transport.abort()

    def _end(self, code: CloseCode, reason: str) -> None:
        self.frames = []
        if self.close_sent:
            return
        self.queue.put_nowait({"type": "websocket.disconnect", "code": code, "reason": reason})
        self.conn.send_close(code, reason)
        self.transport.write(b"".join(self.conn.data_to_send()))
        self.close_sent = True
        self.transport.close()
