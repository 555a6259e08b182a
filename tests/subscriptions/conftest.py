"""Real servers on real sockets, each with a pool and a listener of its own."""

import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import Any

import pytest
import uvicorn
import websockets

from resolvers.context import Parts
from server import app, parts
from server.embedded import sockets
from server.embedded.processes import await_condition
from server.graphql.frames import PROTOCOL
from server.graphql.streams import Streams
from server.http import serving as http
from server.settings import Settings
from storage.events import user_topic
from tests.making import Person
from tests.subscriptions.clients import DEADLINE_S, Socket, until

START_S = 20


@dataclass(frozen=True, slots=True)
class Served:
    """One API: where it answers, and the parts it has."""

    url: str
    parts: Parts
    streams: Streams
    server: uvicorn.Server

    def connect(self, **options) -> websockets.connect:
        url = self.url.replace("http", "ws", 1) + "/graphql"
        options = {"subprotocols": [PROTOCOL], "max_size": None, "proxy": None} | options
        return websockets.connect(url, open_timeout=DEADLINE_S, **options)

    @asynccontextmanager
    async def socket(self, viewer: Person | None = None) -> AsyncIterator[Socket]:
        """A socket of that viewer, past its first message."""
        async with self.connect() as connection:
            opened = Socket(connection)
            token = {"Authorization": f"Bearer {viewer.token}"} if viewer else None
            await opened.send(type="connection_init", payload=token)
            assert await opened.receive() == {"type": "connection_ack"}
            yield opened

    async def until_heeded(self, *topics: str, times: int = 1) -> None:
        """Return when so many subscribers wait for each topic."""
        waiting = self.parts.wakeups._waiting
        await until(lambda: all(len(waiting.get(topic, ())) == times for topic in topics))

    async def until_told(self, *people: Person, times: int = 1) -> None:
        """Return when so many subscriptions of each will be told of what comes."""
        await self.until_heeded(*(user_topic(person.key) for person in people), times=times)


@contextmanager
def _served(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Served]:
    made: list[Any] = []

    def kept(make: Callable[..., Any]) -> Callable[..., Any]:
        def making(*given: Any) -> Any:
            made.append(make(*given))
            return made[-1]

        return making

    with monkeypatch.context() as patched:
        patched.setattr(parts, "build", kept(parts.build))
        patched.setattr(app, "Streams", kept(Streams))
        application = app.create_app(settings)
    listening = sockets.bound("127.0.0.1", 0, "PICSHARE_PORT")
    server = uvicorn.Server(
        uvicorn.Config(
            application,
            timeout_graceful_shutdown=DEADLINE_S,
            **http.options(settings),
        )
    )
    thread = threading.Thread(target=server.run, args=([listening],))
    thread.start()
    try:
        assert await_condition(lambda: server.started, START_S)
        yield Served(f"http://127.0.0.1:{listening.getsockname()[1]}", *made, server)
    finally:
        server.should_exit = True
        thread.join(DEADLINE_S * 2)
        listening.close()
        assert not thread.is_alive()


@pytest.fixture
def serving(settings, database, objects, monkeypatch) -> Iterator[Callable[..., Served]]:
    """Serves an API, with some settings changed, until the test ends."""
    with ExitStack() as stack:

        def serving(**changed) -> Served:
            changed_settings = settings.model_copy(update=changed)
            return stack.enter_context(_served(changed_settings, monkeypatch))

        yield serving


@pytest.fixture
def api(serving) -> Served:
    return serving()


@pytest.fixture
def complaints(caplog) -> Callable[[], list[str]]:
    """What was logged with a traceback or as an error."""

    def complaints() -> list[str]:
        records = [r for r in caplog.records if r.exc_info or r.levelname in {"ERROR", "CRITICAL"}]
        return [record.getMessage() for record in records]

    return complaints
