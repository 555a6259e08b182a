"""The application under other limits, and a look at what the database is doing for it."""

import asyncio
import json
from contextlib import asynccontextmanager

import httpx
import pytest
from sqlalchemy import text

from server.app import create_app
from server.graphql.frames import PROTOCOL
from storage.database import statements


@pytest.fixture
def serving(settings):
    """Serves with other settings: `async with serving(max_depth=3) as client`."""

    @asynccontextmanager
    async def serving(**changed):
        app = create_app(settings.model_copy(update=changed))
        transport = httpx.ASGITransport(app)
        async with (
            app.lifespan(),
            httpx.AsyncClient(transport=transport, base_url="http://api") as opened,
        ):
            yield opened

    return serving


@pytest.fixture
def running(database):
    """How many statements the API has in the database that hold *mark* and are not over."""

    async def running(mark):
        query = text(
            "select count(*) from pg_stat_activity where state = 'active' "
            "and pid <> pg_backend_pid() and query like :mark"
        )
        async with database.connect() as connection:
            return (await connection.execute(query, {"mark": f"%{mark}%"})).scalar_one()

    return running


def codes(answer):
    """The codes of the errors of an answer."""
    return [error["extensions"]["code"] for error in answer.json().get("errors", [])]


def sent():
    """How many statements the last request sent to the database."""
    counter = statements.get()
    assert counter is not None
    return counter.total


@asynccontextmanager
async def socket(client):
    """A WebSocket to the application behind *client*: how to send and receive messages."""
    sent, received = asyncio.Queue(), asyncio.Queue()
    scope = {
        "type": "websocket",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "scheme": "ws",
        "path": "/graphql",
        "raw_path": b"/graphql",
        "root_path": "",
        "query_string": b"",
        "headers": [(b"host", b"api")],
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 2),
        "subprotocols": [PROTOCOL],
    }
    serving = asyncio.create_task(client._transport.app(scope, sent.get, received.put))

    async def send(message):
        await sent.put({"type": "websocket.receive", "text": json.dumps(message)})

    async def receive():
        async with asyncio.timeout(60):
            return json.loads((await received.get())["text"])

    await sent.put({"type": "websocket.connect"})
    assert (await received.get())["type"] == "websocket.accept"
    yield send, receive
    await sent.put({"type": "websocket.disconnect", "code": 1000})
    await serving
