"""What every test may ask for: real services, people, and a way to ask in GraphQL."""

import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import httpx
import pytest
import pytest_asyncio
from sqlalchemy import func, update

from server import parts
from server.app import create_app
from server.auth import callers
from server.settings import Settings
from storage import departures, revisions, tables
from storage.database import Database, statements, values
from storage.objects import Objects
from tests.making import Person, make_person
from tests.running import running
from tests.services import StoreAddress, postgres_url, store, strict

__all__ = ["postgres_url", "running", "store", "strict"]

Ask = Callable[..., Awaitable[Any]]


@pytest.fixture(scope="session")
def settings(postgres_url: str, store: StoreAddress) -> Settings:
    return Settings(
        database_url=postgres_url,
        s3_endpoint=store.endpoint,
        s3_access_key=store.access_key,
        s3_secret_key=store.secret_key,
        s3_bucket=store.bucket,
        secret_key=secrets.token_hex(32),
        log_format="json",
        # The machine may be busy; the tests of the deadline set their own.
        deadline_s=10,
        # Enough for a whole run; the tests of the limits set their own.
        rate_store="memory",
        rate_points_per_minute=10**9,
        rate_burst_points=10**9,
        sign_ups_per_hour=10**6,
        log_ins_per_hour=10**6,
        uploads_per_hour=10**6,
    )


@pytest_asyncio.fixture(scope="session")
async def database(settings: Settings) -> AsyncIterator[Database]:
    await revisions.upgrade(settings.database_url.get_secret_value())
    opened = parts.database(settings, "picshare-tests")
    yield opened
    await opened.close()


@pytest_asyncio.fixture(scope="session")
async def objects(settings: Settings) -> Objects:
    opened = parts.objects(settings)
    await opened.ensure_bucket()
    return opened


@pytest_asyncio.fixture(scope="session")
async def client(
    settings: Settings, database: Database, objects: Objects
) -> AsyncIterator[httpx.AsyncClient]:
    """The whole application, called in this process."""
    app = create_app(settings)
    transport = httpx.ASGITransport(app)
    async with (
        app.lifespan(),
        httpx.AsyncClient(transport=transport, base_url="http://api") as opened,
    ):
        yield opened


class Errors(Exception):
    """The answer had top-level errors."""

    @property
    def codes(self) -> list[str]:
        return [error["extensions"]["code"] for error in self.args[0]]


@pytest.fixture
def ask(client: httpx.AsyncClient) -> Ask:
    """Asks in GraphQL as a viewer; the data of the answer. Raises Errors."""

    async def ask(query: str, viewer: Person | None = None, **variables: Any) -> Any:
        answer = await client.post(
            "/graphql",
            json={"query": query, "variables": variables},
            headers={"Authorization": f"Bearer {viewer.token}"} if viewer else {},
        )
        body = answer.json()
        if "errors" in body:
            raise Errors(body["errors"])
        return body["data"]

    return ask


@pytest_asyncio.fixture
async def nobody_leaves(database: Database) -> None:
    """Ends the accounts that other tests have left: while somebody leaves, counts cost more."""
    async with database.begin() as tx:
        long_ago = func.now() - departures.QUIET * 2
        leaving = update(tables.departures).values(left_at=long_ago)
        for id in await values(tx, leaving.returning(tables.departures.c.user_id)):
            assert await departures.finish(tx, id)


@pytest.fixture
def ask_counted(ask: Ask, monkeypatch: pytest.MonkeyPatch, nobody_leaves: None) -> Ask:
    """Like `ask`; the data and how many SQL statements it took."""
    # On a slow machine half a second may pass between the two calls below.
    monkeypatch.setattr(callers, "MEMORY_S", 3_600)

    async def ask_counted(query: str, viewer: Person | None = None, **variables: Any) -> Any:
        # The first call learns the session and the document; the second is what users see.
        await ask(query, viewer=viewer, **variables)
        data = await ask(query, viewer=viewer, **variables)
        counter = statements.get()
        assert counter is not None
        return data, counter.total

    return ask_counted


@pytest_asyncio.fixture
async def ann(database: Database, settings: Settings) -> Person:
    return await make_person(database, settings, "ann")


@pytest_asyncio.fixture
async def bob(database: Database, settings: Settings) -> Person:
    return await make_person(database, settings, "bob")


@pytest_asyncio.fixture
async def cid(database: Database, settings: Settings) -> Person:
    return await make_person(database, settings, "cid")
