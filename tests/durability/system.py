"""The whole system in processes of its own, each of which a test may kill and start again."""

import json
import os
import secrets
import signal
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
from pydantic import SecretStr

from server.embedded import postgres
from server.embedded import store as embedded_store
from server.embedded.processes import Process, Program, await_condition, await_ready
from server.embedded.sockets import free_port
from server.settings import Settings
from storage import revisions
from tests import minio
from tests.running import PICSHARE, clean_environment
from tests.services import StoreAddress, embedded, reachable_directory, with_bucket

START_S = 60
GRACE_S = 40


class Part:
    """A process, and how it is started."""

    def __init__(self, start: Callable[[], Process]) -> None:
        self._start = start
        self.process = start()

    def kill(self, number: signal.Signals = signal.SIGKILL) -> None:
        """Send the signal and return when it has ended, with all that it had started."""
        os.kill(self.process.pid, number)
        assert await_condition(lambda: self.process.exit_code is not None, START_S)

    def revive(self) -> None:
        """Start it again, and return when it is ready."""
        self.process = self._start()

    def stop(self) -> None:
        """Ask it to end, in order."""
        self.process.stop()


@dataclass(frozen=True, slots=True)
class Database:
    """A PostgreSQL that keeps what it has acknowledged, whatever happens to it."""

    cluster: postgres.Cluster
    part: Part

    @property
    def url(self) -> str:
        return self.cluster.url


@dataclass(frozen=True, slots=True)
class Store:
    """An S3 store: rclone behind its front, or a MinIO."""

    address: StoreAddress
    part: Part


@contextmanager
def own_database(directory: Path | None = None) -> Iterator[Database]:
    """A PostgreSQL of one's own with our tables, in *directory* where one is given."""
    with ExitStack() as stack:
        place = directory or stack.enter_context(reachable_directory())
        cluster = postgres.Cluster(place / "data", place / "log")
        made = Database(cluster, Part(lambda: postgres.start(cluster)))
        try:
            yield made
        finally:
            made.part.process.stop()


@contextmanager
def own_store(directory: Path | None = None) -> Iterator[Store]:
    """A store of one's own with an empty bucket, in *directory* where one is given."""
    with ExitStack() as stack:
        place = directory or stack.enter_context(reachable_directory())
        binary = os.environ.get("PICSHARE_TEST_MINIO")
        yield (_minio if binary else _embedded)(place, stack)


def _embedded(place: Path, stack: ExitStack) -> Store:
    made = embedded(place)
    part = Part(lambda: embedded_store.start(made))
    stack.callback(part.stop)
    stack.callback(embedded_store.start_front(made).stop)
    keys = made.access_key, made.secret_key
    return Store(StoreAddress(made.endpoint, *keys, made.bucket, is_strict=False), part)


def _minio(place: Path, stack: ExitStack) -> Store:
    first, *given = minio.start(Path(os.environ["PICSHARE_TEST_MINIO"]), place)
    waiting = [first]

    def start() -> Process:
        started = waiting.pop() if waiting else Process(first.program)
        await_ready(started, lambda: _answers(f"{given[0]}/minio/health/ready"), START_S)
        return started

    part = Part(start)
    stack.callback(part.stop)
    return Store(with_bucket(*given), part)


def _answers(url: str) -> bool:
    try:
        return httpx.get(url, timeout=5).is_success
    except httpx.TransportError:
        return False


def settings_for(url: str, store: StoreAddress, directory: Path, **changed: object) -> Settings:
    """What the processes of ours are told; nobody is held to a rate."""
    told: dict[str, object] = {
        "database_url": SecretStr(url),
        "s3_endpoint": store.endpoint,
        "s3_access_key": store.access_key,
        "s3_secret_key": SecretStr(store.secret_key),
        "s3_bucket": store.bucket,
        "secret_key": SecretStr(secrets.token_hex(32)),
        "data_dir": directory,
        "log_format": "json",
        "rate_store": "off",
        "drain_s": 0,
        "port": free_port(),
        # Everything that is to be swept lies in nobody's way until the test says so.
        "sweep_s": 0,
        "sweep_objects_s": 0,
    }
    return Settings(**(told | changed))


def verb(name: str, settings: Settings, log: Path) -> Program:
    """`picshare serve`, `picshare work`, with its output in *log*."""
    return Program(
        name=name,
        command=[*PICSHARE, name],
        environment=clean_environment() | settings.environment(),
        log=log,
        grace_s=GRACE_S,
    )


def serving(settings: Settings, log: Path) -> Process:
    """An API that is ready."""
    process = Process(verb("serve", settings, log))
    await_ready(process, lambda: is_ready(settings), START_S)
    return process


def is_ready(settings: Settings) -> bool:
    """Whether the API says that it can serve."""
    return _answers(f"{settings.api_url}/readyz")


def complaints(log: Path) -> list[str]:
    """What was logged as an error, or with a traceback, in few words."""
    lines = log.read_text().splitlines()
    found = [line for line in lines if '"level": "error"' in line or "Traceback" in line]
    return [_shortened(line) for line in found]


def _shortened(line: str) -> str:
    try:
        said = json.loads(line)
    except ValueError:
        return line
    kinds = [f"{each['exc_type']}: {each['exc_value']}" for each in said.get("exception", [])]
    return f"{said['event']} {said.get('path')} {kinds}"


@dataclass(frozen=True, slots=True)
class System:
    """All of it, and what it was told."""

    settings: Settings
    log: Path
    database: Database
    store: Store
    api: Part
    worker: Part


@asynccontextmanager
async def serving_over(
    database: Database, store: StoreAddress, directory: Path, **changed: object
) -> AsyncIterator[Settings]:
    """An API alone; at its end it must have complained of nothing."""
    await revisions.upgrade(database.url)
    settings = settings_for(database.url, store, directory, **changed)
    log = directory / "log"
    api = serving(settings, log)
    try:
        yield settings
    finally:
        api.stop()
    assert "\n".join(complaints(log)) == ""


@asynccontextmanager
async def whole_system(**changed: object) -> AsyncIterator[System]:
    """PostgreSQL, a store, an API and a worker; *changed* are settings."""
    with own_database() as database, own_store() as store, reachable_directory() as directory:
        await revisions.upgrade(database.url)
        settings = settings_for(database.url, store.address, directory, **changed)
        log = directory / "log"
        with ExitStack() as stack:
            api = Part(lambda: serving(settings, log))
            stack.callback(api.stop)
            worker = Part(lambda: Process(verb("work", settings, log.with_name("worker.log"))))
            stack.callback(worker.stop)
            yield System(settings, log, database, store, api, worker)
