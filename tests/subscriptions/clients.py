"""Clients that speak the protocols word by word, and wait with a deadline."""

import asyncio
import itertools
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress

import httpx
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed

DEADLINE_S = 10
PHOTO = "subscription($id: ID!) { photoStatus(id: $id) { id status } }"
RECEIVED = "subscription { notificationReceived { id kind actor { username } actorCount } }"


async def until(condition: Callable[[], bool]) -> None:
    """Return as soon as *condition* is true."""
    async with asyncio.timeout(DEADLINE_S):
        while not condition():  # noqa: ASYNC110 - It comes true in another thread.
            await asyncio.sleep(0.005)


class Socket:
    """One end of graphql-transport-ws."""

    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection
        self._ids = map(str, itertools.count(1))

    async def send(self, **members) -> None:
        given = {name: value for name, value in members.items() if value is not None}
        await self.connection.send(json.dumps(given))

    async def receive(self):
        async with asyncio.timeout(DEADLINE_S):
            return json.loads(await self.connection.recv())

    async def subscribe(self, query, *, called=None, **variables) -> str:
        chosen = called or next(self._ids)
        payload = {"query": query, "variables": variables}
        await self.send(id=chosen, type="subscribe", payload=payload)
        return chosen

    async def next(self):
        """The data of the next event."""
        message = await self.receive()
        assert message["type"] == "next", message
        assert "errors" not in message["payload"], message
        return message["payload"]["data"]

    async def closed(self) -> tuple[int, str]:
        """The code and the reason with which the server closes; what comes before is dropped."""
        async with asyncio.timeout(DEADLINE_S):
            with suppress(ConnectionClosed):
                while True:
                    await self.connection.recv()
        return self.connection.close_code, self.connection.close_reason


@asynccontextmanager
async def events(url, query, viewer=None, **variables) -> AsyncIterator[AsyncIterator]:
    """The events of an operation over SSE, each with its name and its data."""
    headers = {"Accept": "text/event-stream"}
    if viewer:
        headers["Authorization"] = f"Bearer {viewer.token}"
    body = {"query": query, "variables": variables}
    async with (
        httpx.AsyncClient(timeout=DEADLINE_S) as client,
        client.stream("POST", f"{url}/graphql", json=body, headers=headers) as answer,
    ):
        assert answer.status_code == 200, await answer.aread()
        assert answer.headers["content-type"] == "text/event-stream; charset=utf-8"
        yield _events(answer.aiter_raw())


async def _events(chunks):
    text = ""
    async for chunk in chunks:
        text += chunk.decode()
        assert "\r" not in text
        *whole, text = text.split("\n\n")
        for event in whole:
            if event != ":":
                name, data = event.split("\n")
                written = data.removeprefix("data:").strip()
                yield name.removeprefix("event: "), json.loads(written) if written else None
    assert text == ""
