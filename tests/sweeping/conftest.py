"""A database and a bucket of their own, for what sweeps must find no others' things."""

import secrets
from collections.abc import AsyncIterator
from datetime import timedelta

import httpx
import pytest
import pytest_asyncio
from sqlalchemy import text

from server import parts
from server.app import create_app
from server.settings import Settings
from storage import revisions
from storage.database import Database
from storage.sweeping.leftovers import Times
from tests.cli.conftest import picshare, started
from tests.storing import Jobs
from tests.uploads.desk import Desk
from workers.images import Limits, Studio
from workers.sweeps import Rules
from workers.variants import Workshop

__all__ = ["picshare", "started"]

DAY = timedelta(days=1)
TIMES = Times(grace=DAY, refresh_token_ttl=30 * DAY, read_notifications=90 * DAY)


@pytest_asyncio.fixture(scope="session")
async def settings(postgres_url, store) -> Settings:
    name = f"sweeping{secrets.token_hex(4)}"
    admin = Database(postgres_url, pool_size=1)
    async with admin.connect() as connection:
        await connection.execute(text(f"create database {name}"))
    await admin.close()
    return Settings(
        database_url=postgres_url.replace("/picshare?", f"/{name}?"),
        s3_endpoint=store.endpoint,
        s3_access_key=store.access_key,
        s3_secret_key=store.secret_key,
        s3_bucket=name,
        secret_key=secrets.token_hex(32),
        log_format="json",
    )


@pytest_asyncio.fixture(scope="session")
async def database(settings):
    await revisions.upgrade(settings.database_url.get_secret_value())
    opened = parts.database(settings, "picshare-tests")
    yield opened
    await opened.close()


@pytest_asyncio.fixture(scope="session")
async def objects(settings):
    opened = parts.objects(settings)
    await opened.ensure_bucket()
    return opened


@pytest_asyncio.fixture(scope="session")
async def client(settings, database, objects) -> AsyncIterator[httpx.AsyncClient]:
    app = create_app(settings)
    transport = httpx.ASGITransport(app)
    async with (
        app.lifespan(),
        httpx.AsyncClient(transport=transport, base_url="http://api") as opened,
    ):
        yield opened


@pytest.fixture
def place(settings, store):
    """The settings of this place, for verbs and processes."""
    return {
        "database_url": settings.database_url.get_secret_value(),
        "s3_endpoint": store.endpoint,
        "s3_access_key": store.access_key,
        "s3_secret_key": store.secret_key,
        "s3_bucket": settings.s3_bucket,
        "secret_key": settings.secret_key.get_secret_value(),
    }


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def studio():
    async with Studio(Limits(), children=1) as opened:
        yield opened


@pytest.fixture
def workshop(database, objects, studio):
    return Workshop(database, objects, studio)


@pytest_asyncio.fixture
async def jobs(database, workshop):
    return await Jobs.from_now_on(database, workshop)


@pytest_asyncio.fixture
async def desk(ask):
    async with httpx.AsyncClient() as http:
        yield Desk(ask, http)


@pytest.fixture
def rules():
    return Rules(TIMES, most_originals=1_000)
