"""GraphQL over WebSocket: subscriptions, and queries and mutations as well.

Each socket belongs to one caller, who is named once, by the first message or the header of
the handshake. It closes when that caller would be refused.
"""

import asyncio
import secrets
from contextlib import aclosing, suppress
from typing import Final, assert_never

import structlog
from graphql import located_error
from starlette.websockets import WebSocket, WebSocketDisconnect

from server.graphql import errors
from server.graphql.frames import PROTOCOL, Close, Received, received, sent
from server.graphql.requests import Asked, BadRequest, operation
from server.graphql.streams import Streams
from storage.database import Unavailable

log = structlog.get_logger("socket")

INIT_TIMEOUT_S: Final = 10.0
CLOSE_TIMEOUT_S: Final = 5.0
MAX_OPERATIONS: Final = 100
GONE: Final = 1006


class Sockets:
    """Answers WebSockets at `/graphql`."""

    def __init__(self, streams: Streams) -> None:
        self._streams = streams

    async def serve(self, websocket: WebSocket) -> None:
        """Serve one socket until it is closed."""
        if PROTOCOL not in websocket.scope["subprotocols"]:
            await websocket.accept()
            await websocket.close(4406, f"Subprotocol must be {PROTOCOL}")
            return
        await websocket.accept(PROTOCOL)
        await _Socket(websocket, self._streams).serve()


class _Socket:
    def __init__(self, websocket: WebSocket, streams: Streams) -> None:
        self._websocket = websocket
        self._streams = streams
        self._id = secrets.token_hex(8)
        self._authorization = websocket.headers.get("authorization")
        self._is_named = False
        self._named = asyncio.Event()
        self._operations: dict[str, asyncio.Task[None]] = {}

    async def serve(self) -> None:
        structlog.contextvars.bind_contextvars(request_id=self._id)
        tasks = [
            asyncio.create_task(self._read()),
            asyncio.create_task(self._watch()),
        ]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            tasks.extend(self._operations.values())
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        await self._close(_ending(done.pop()))

    async def _close(self, ending: Close) -> None:
        log.info("socket closed", code=ending.code, reason=ending.reason)
        if ending.code == GONE:
            return
        # A peer that reads nothing must not keep us; nor does one that has left meanwhile.
        with suppress(TimeoutError, WebSocketDisconnect, RuntimeError):
            async with asyncio.timeout(CLOSE_TIMEOUT_S):
                await self._websocket.close(ending.code, ending.reason)

    async def _watch(self) -> None:
        try:
            async with asyncio.timeout(INIT_TIMEOUT_S):
                await self._named.wait()
        except TimeoutError:
            raise Close(4408, "Connection initialisation timeout") from None
        raise Close(4403, f"Forbidden: {await self._streams.over(self._authorization)}")

    async def _read(self) -> None:
        while True:
            frame = await self._websocket.receive()
            if frame["type"] == "websocket.disconnect":
                raise Close(GONE, "the peer left")
            await self._handle(received(frame.get("text")))

    async def _handle(self, message: Received) -> None:
        match message.kind:
            case "connection_init":
                await self._begin(message)
            case "ping":
                await self._send("pong", payload=message.payload or None)
            case "pong":
                pass
            case "subscribe":
                await self._subscribe(message)
            case "complete":
                task = self._operations.pop(message.id, None)
                if task is not None:
                    task.cancel()
            case unknown:
                assert_never(unknown)

    async def _begin(self, message: Received) -> None:
        if self._is_named:
            raise Close(4429, "Too many initialisation requests")
        self._is_named = True
        names = {name.lower(): value for name, value in message.payload.items()}
        given = names.get("authorization", self._authorization)
        if not isinstance(given, str | None):
            raise Close(4400, "Invalid message: Authorization must be a string")
        refused = await self._streams.refusal(given)
        if refused is not None:
            raise Close(4403, f"Forbidden: {refused}")
        self._authorization = given
        await self._send("connection_ack")
        self._named.set()

    async def _subscribe(self, message: Received) -> None:
        if not self._named.is_set():
            raise Close(4401, "Unauthorized: send connection_init first")
        if message.id in self._operations:
            raise Close(4409, f"Subscriber for {message.id} already exists")
        try:
            asked = operation(message.payload, may_write=True)
        except BadRequest as error:
            raise Close(4400, f"Invalid message: {error}") from None
        if len(self._operations) >= MAX_OPERATIONS:
            most = f"a socket carries at most {MAX_OPERATIONS} operations at a time"
            await self._send("error", message.id, errors.refused(most, "RATE_LIMITED")["errors"])
            return
        answering = self._answer(message.id, asked)
        self._operations[message.id] = asyncio.create_task(answering)

    async def _answer(self, id: str, asked: Asked) -> None:
        try:
            last, payload = await self._answered(id, asked)
        except WebSocketDisconnect:
            return
        except Exception as error:  # noqa: BLE001 - What is unexpected is logged there.
            last, payload = "error", errors.shown([located_error(error)], self._id)
        # Whoever has the last message may use the id again.
        self._operations.pop(id, None)
        with suppress(WebSocketDisconnect):
            await self._send(last, id, payload)

    async def _answered(self, id: str, asked: Asked) -> tuple[str, object]:
        """Send what comes; the last message of the operation and its payload."""
        async with aclosing(self._streams.answers(asked, self._authorization, self._id)) as answers:
            async for answer in answers:
                if not answer.was_executed:
                    return "error", answer.body["errors"]
                await self._send("next", id, answer.body)
        return "complete", None

    async def _send(self, kind: str, id: str | None = None, payload: object = None) -> None:
        # Waits while the peer does not read: so many events are read again as one.
        await self._websocket.send_text(sent(kind, id, payload))


def _ending(task: asyncio.Task[None]) -> Close:
    error = task.exception()
    if isinstance(error, Close):
        return error
    if isinstance(error, WebSocketDisconnect):
        return Close(GONE, "the peer left")
    if isinstance(error, Unavailable):
        return Close(1013, "Try again later")
    log.error("socket failed", exc_info=error)
    return Close(1011, "Internal error")
