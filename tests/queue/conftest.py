"""A database and a bucket of their own, so that nobody else's jobs are in the queue."""

import asyncio
import contextlib
import hashlib
import json
import secrets
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta

import asyncpg
import httpx
import pytest
import pytest_asyncio
from pgqueuer.adapters.drivers.asyncpg import AsyncpgDriver
from pgqueuer.adapters.persistence.queries import Queries
from pgqueuer.ports.repository import EntrypointExecutionParameter
from sqlalchemy import text

from schema.nodes import global_id
from server import parts
from server.app import create_app
from server.settings import Settings
from storage import jobs, photos, revisions, uploads
from storage.database import Database
from storage.photos import Draft
from storage.rows import Visibility
from storage.uploads import Promise
from tests.cli.conftest import picshare, started
from tests.making import LONG, Shared
from tests.moderation.conftest import hold
from tests.queue.processes import (
    PATIENCE_S,
    are_ready,
    is_whole,
    present,
    resumed,
    start,
    status,
    work,
)
from tests.storing import picture
from workers.images import Limits, Studio
from workers.queue import Queue
from workers.variants import Workshop

__all__ = [
    "PATIENCE_S",
    "are_ready",
    "hold",
    "is_whole",
    "picshare",
    "present",
    "resumed",
    "start",
    "started",
    "status",
    "work",
]

KIND = "test_kind"


@pytest_asyncio.fixture(scope="session")
async def settings(postgres_url, store) -> Settings:
    name = f"queue{secrets.token_hex(4)}"
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
        rate_store="off",
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


@pytest_asyncio.fixture(scope="session")
async def studio():
    async with Studio(Limits(), children=1) as opened:
        yield opened


@pytest.fixture
def workshop(database, objects, studio):
    return Workshop(database, objects, studio)


@pytest.fixture
def url(settings):
    return settings.database_url.get_secret_value()


@pytest.fixture(scope="session")
def place(settings, store):
    """The settings of this place, for verbs and processes."""
    return {
        "database_url": settings.database_url.get_secret_value(),
        "s3_endpoint": store.endpoint,
        "s3_access_key": store.access_key,
        "s3_secret_key": store.secret_key,
        "s3_bucket": settings.s3_bucket,
        "secret_key": settings.secret_key.get_secret_value(),
        # No sweep comes in between.
        "sweep_s": 0,
        "sweep_objects_s": 0,
    }


@pytest.fixture
def typed(picshare, place):
    """`picshare jobs` as it is typed: the exit code and the lines of its answer."""

    async def typed(*arguments):
        answer = await asyncio.to_thread(picshare, "jobs", *arguments, **place)
        return answer.exit_code, answer.stdout.splitlines(), answer.stderr

    return typed


@pytest_asyncio.fixture(autouse=True)
async def emptied(database):
    """Nothing of an earlier test is in the queue."""
    async with database.begin() as tx:
        await tx.execute(text("truncate pgqueuer, pgqueuer_log, schedules"))


@pytest.fixture
def publish(database, objects):
    """A photo as it is right after publishing, with its job; *order* is for a sabotaged worker."""

    async def publish(owner, order=b""):
        data, token = picture() + (order and b"\nORDER " + order), secrets.token_hex(16)
        promise = Promise("image/jpeg", len(data), hashlib.sha256(data).digest(), None)
        draft = Draft("", "", "", [], None, None, None, Visibility.PUBLIC)
        key = f"originals/{token}"
        await objects.write(key, data, "image/jpeg")
        async with database.begin() as tx:
            given = {"upload_ttl": LONG, "publish_ttl": LONG}
            upload = await uploads.add(tx, owner.key, promise, None, **given)
            row, _ = await photos.add(tx, upload, draft, original_key=key, media_token=token)
            await jobs.make_variants(tx, row.id)
        return Shared(global_id("photo", row.id), row.id)

    return publish


@dataclass(frozen=True, slots=True)
class Line:
    """The queue as its rows tell of it."""

    database: Database

    async def add(self, *payloads: bytes, kind: str = KIND) -> None:
        async with self.database.begin() as tx:
            await tx.execute(text("select 1"))
            raw = (await tx.get_raw_connection()).driver_connection
            many = len(payloads)
            queries = Queries(AsyncpgDriver(raw))
            await queries.enqueue([kind] * many, [*payloads], [0] * many)

    async def rows(self, what: str = "payload, status::text") -> list[tuple]:
        async with self.database.connect() as connection:
            found = await connection.execute(text(f"select {what} from pgqueuer order by id"))
            return [tuple(row) for row in found]

    async def change(self, how: str, where: str = "true") -> int:
        async with self.database.begin() as tx:
            changed = await tx.execute(text(f"update pgqueuer set {how} where {where}"))
            # PgQueuer tells workers of every insert and delete, of any number of rows.
            await tx.execute(text("delete from pgqueuer where false"))
            return changed.rowcount

    async def forget_workers(self) -> int:
        """As if all workers had been silent for too long."""
        return await self.change("heartbeat = now() - interval '1 hour'", "status = 'picked'")

    async def until(self, wanted, what: str = "payload, status::text") -> list[tuple]:
        """The rows, as soon as *wanted* is true of them."""
        async with asyncio.timeout(PATIENCE_S):
            while not wanted(found := await self.rows(what)):  # noqa: ASYNC110 - Others change them.
                await asyncio.sleep(0.05)
        return found

    async def until_empty(self) -> None:
        await self.until(lambda rows: rows == [])


@pytest.fixture
def line(database):
    return Line(database)


@contextlib.asynccontextmanager
async def running(*queues: Queue):
    tasks = [asyncio.create_task(queue.run()) for queue in queues]
    try:
        yield
    finally:
        for queue in queues:
            queue.leave()
        await asyncio.wait_for(asyncio.gather(*tasks), PATIENCE_S)


@pytest_asyncio.fixture
async def claimer(url):
    """Makes what PgQueuer asks the database by; each over a connection of its own."""
    opened = []

    async def claimer(made=Queries):
        connection = await asyncpg.connect(url)
        opened.append(connection)
        return made(AsyncpgDriver(connection))

    yield claimer
    for connection in opened:
        connection.terminate()


async def claimed(queries, manager, *kinds: str, many: int = 1):
    """The jobs that a worker of that id gets next."""
    return await queries.dequeue(
        batch_size=many,
        entrypoints={kind: EntrypointExecutionParameter(0) for kind in kinds or (KIND,)},
        queue_manager_id=manager,
        global_concurrency_limit=None,
        heartbeat_timeout=timedelta(seconds=20),
    )


def lines_of(output: str) -> list[dict]:
    return [json.loads(each) for each in output.splitlines() if each.startswith("{")]
