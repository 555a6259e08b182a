"""GraphQL over WebSocket: subscriptions, and queries and mutations as well.

Each socket belongs to one caller, who is named once, by the first message or the header of
the handshake. It closes when that caller would be refused.
"""

import asyncio
import secrets
from collections.abc import Callable
from contextlib import ExitStack, aclosing, suppress
from dataclasses import dataclass
from http import HTTPStatus
from time import monotonic
from typing import Final, assert_never

import structlog
from graphql import located_error
from starlette.responses import PlainTextResponse
from starlette.websockets import WebSocket, WebSocketDisconnect

from resolvers.context import Client
from server import logs
from server.auth import clients
from server.graphql import errors
from server.graphql.crowds import Crowd, Full
from server.graphql.frames import PROTOCOL, Close, Received, received, sent
from server.graphql.requests import Asked, BadRequest, operation
from server.graphql.streams import Asker, Streams
from server.rates.limited import RateLimited
from storage.reached import Unavailable

log = structlog.get_logger("socket")

INIT_TIMEOUT_S: Final = 8.0
CLOSE_TIMEOUT_S: Final = 5.0
# So many seconds' worth of messages may come at once.
BURST_S: Final = 5
GONE: Final = 1006


@dataclass(frozen=True, slots=True)
class SocketRules:
    """What WebSockets are held to."""

    origins: frozenset[str] = frozenset({"*"})
    per_user: int = 20
    per_address: int = 200
    operations: int = 100
    messages_per_s: int = 100


class Sockets:
    """Answers WebSockets at `/graphql`."""

    def __init__(self, streams: Streams, rules: SocketRules | None = None) -> None:
        self._streams = streams
        self._rules = rules or SocketRules()
        self._addresses = Crowd(self._rules.per_address)
        self._users = Crowd(self._rules.per_user)

    async def serve(self, websocket: WebSocket) -> None:
        """Serve one socket until it is closed."""
        if not self._is_welcome(websocket.headers.get("origin")):
            refused = PlainTextResponse("this origin is not allowed", HTTPStatus.FORBIDDEN)
            await websocket.send_denial_response(refused)
            return
        try:
            with self._addresses.place(_client(websocket).address):
                await self._serve(websocket)
        except Full:
            most = f"an address has at most {self._rules.per_address} WebSockets"
            again = {"Retry-After": "10"}
            refused = PlainTextResponse(most, HTTPStatus.TOO_MANY_REQUESTS, again)
            await websocket.send_denial_response(refused)

    async def _serve(self, websocket: WebSocket) -> None:
        if PROTOCOL not in websocket.scope["subprotocols"]:
            await websocket.accept()
            await websocket.close(4406, f"Subprotocol must be {PROTOCOL}")
            return
        await websocket.accept(PROTOCOL)
        await _Socket(websocket, self._streams, self._rules, self._users).serve()

    def _is_welcome(self, origin: str | None) -> bool:
        """Whether a page of that origin may open one; what is no browser names none."""
        return origin is None or not self._rules.origins.isdisjoint({"*", origin})


class _Pace:
    """So many messages a second for long, and some more at once."""

    def __init__(self, per_s: int, clock: Callable[[], float] = monotonic) -> None:
        self._per_s, self._clock = per_s, clock
        self._left, self._at = float(per_s * BURST_S), clock()

    def step(self) -> None:
        """Count a message. Raises Close when it is one too many."""
        now = self._clock()
        self._left = min(self._left + (now - self._at) * self._per_s, float(self._per_s * BURST_S))
        self._at = now
        if self._left < 1:
            raise Close(4429, f"Too many messages: at most {self._per_s} a second")
        self._left -= 1


class _Socket:
    def __init__(
        self, websocket: WebSocket, streams: Streams, rules: SocketRules, users: Crowd
    ) -> None:
        self._websocket = websocket
        self._streams = streams
        self._rules = rules
        self._users = users
        self._pace = _Pace(rules.messages_per_s)
        self._id = secrets.token_hex(8)
        self._authorization = websocket.headers.get("authorization")
        self._is_named = False
        self._named = asyncio.Event()
        self._operations: dict[str, asyncio.Task[None]] = {}
        self._places = ExitStack()

    async def serve(self) -> None:
        logs.request_id.set(self._id)
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
            self._places.close()
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
            self._pace.step()
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
        caller = await self._streams.caller(given)
        if caller.refused is not None:
            raise Close(4403, f"Forbidden: {caller.refused}")
        if caller.session is not None:
            self._take_place(str(caller.session.user_id))
        self._authorization = given
        await self._send("connection_ack")
        self._named.set()

    def _take_place(self, user: str) -> None:
        try:
            self._places.enter_context(self._users.place(user))
        except Full:
            most = f"Too many sockets: a user has at most {self._rules.per_user}"
            raise Close(4429, most) from None

    async def _subscribe(self, message: Received) -> None:
        if not self._named.is_set():
            raise Close(4401, "Unauthorized: send connection_init first")
        if message.id in self._operations:
            raise Close(4409, f"Subscriber for {message.id} already exists")
        try:
            asked = operation(message.payload, may_write=True)
        except BadRequest as error:
            raise Close(4400, f"Invalid message: {error}") from None
        if len(self._operations) >= self._rules.operations:
            most = f"a socket carries at most {self._rules.operations} operations at a time"
            await self._send(
                "error", message.id, errors.refused(most, errors.RATE_LIMITED)["errors"]
            )
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
        asker = Asker(self._authorization, _client(self._websocket))
        operation = await self._streams.prepared(asked)
        try:
            passed = await self._streams.admit(asker, operation)
        except RateLimited as error:
            return "error", errors.limited(error)["errors"]
        answering = self._streams.answers(operation, asker, self._id, passed.standing)
        async with aclosing(answering) as answers:
            async for answer in answers:
                if not answer.was_executed:
                    return "error", answer.body["errors"]
                await self._send("next", id, answer.body)
        return "complete", None

    async def _send(self, kind: str, id: str | None = None, payload: object = None) -> None:
        # Waits while the peer does not read: so many events are read again as one.
        await self._websocket.send_text(sent(kind, id, payload))


def _client(websocket: WebSocket) -> Client:
    return clients.of(websocket.scope, websocket.headers.get("user-agent"))


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
