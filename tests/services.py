"""The real parts that tests stand on: one PostgreSQL and one S3 endpoint for the whole run.

PICSHARE_TEST_MINIO names the program of a MinIO server to test against instead, and
PICSHARE_TEST_S3_ENDPOINT, PICSHARE_TEST_S3_ACCESS_KEY and PICSHARE_TEST_S3_SECRET_KEY any store
that runs already: a bucket is made in it, and left there.
"""

import os
import secrets
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
import urllib3
from minio import Minio

from server.embedded import postgres
from server.embedded import store as embedded_store
from server.embedded.processes import Process
from server.embedded.sockets import free_port
from tests import minio

BUCKET = "picshare"


@dataclass(frozen=True, slots=True)
class StoreAddress:
    endpoint: str
    access_key: str
    secret_key: str
    bucket: str
    # The embedded store ignores If-None-Match and the SHA-256 of what is sent.
    is_strict: bool


@contextmanager
def reachable_directory() -> Iterator[Path]:
    """A temporary directory that PostgreSQL's own user can reach when the tests run as root.

    pytest closes its `tmp_path` to other users, and its names can be too long for a socket.
    """
    directory = Path(tempfile.mkdtemp(prefix="picshare-"))
    try:
        yield directory
    finally:
        shutil.rmtree(directory)


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """A server whose database `picshare` is empty; tests may create further databases."""
    with reachable_directory() as directory:
        cluster = postgres.Cluster(directory / "data", directory / "log", is_durable=False)
        process = postgres.start(cluster)
        try:
            yield cluster.url
        finally:
            process.stop()


@pytest.fixture(scope="session")
def store() -> Iterator[StoreAddress]:
    """A store that checks signatures, with an empty bucket."""
    with _opened() as address:
        yield address


@pytest.fixture
def strict(store: StoreAddress) -> None:
    """Skips where the store does not enforce what it is told."""
    if not store.is_strict:
        pytest.skip("the embedded store does not enforce this; `make test-minio` runs it")


@contextmanager
def another_store() -> Iterator[StoreAddress | None]:
    """A store for a server in processes of its own; None where that embeds one."""
    if not os.environ.keys() & {"PICSHARE_TEST_MINIO", "PICSHARE_TEST_S3_ENDPOINT"}:
        yield None
        return
    with _opened() as address:
        yield address


@contextmanager
def _opened() -> Iterator[StoreAddress]:
    if endpoint := os.environ.get("PICSHARE_TEST_S3_ENDPOINT"):
        keys = (os.environ[f"PICSHARE_TEST_S3_{name}_KEY"] for name in ("ACCESS", "SECRET"))
        yield with_bucket(endpoint.rstrip("/"), *keys)
        return
    with reachable_directory() as directory:
        processes, address = _started(directory)
        try:
            yield address
        finally:
            for process in reversed(processes):
                process.stop()


def _started(directory: Path) -> tuple[list[Process], StoreAddress]:
    if binary := os.environ.get("PICSHARE_TEST_MINIO"):
        process, *address = minio.start(Path(binary), directory)
        return [process], with_bucket(*address)
    made = embedded(directory)
    processes = [embedded_store.start(made), embedded_store.start_front(made)]
    keys = made.access_key, made.secret_key
    return processes, StoreAddress(made.endpoint, *keys, made.bucket, is_strict=False)


def embedded(directory: Path) -> embedded_store.Store:
    return embedded_store.Store(
        directory=directory / "objects",
        log=directory / "log",
        host="127.0.0.1",
        port=free_port(),
        access_key=secrets.token_hex(8),
        secret_key=secrets.token_hex(16),
        bucket=BUCKET,
    )


def with_bucket(endpoint: str, access_key: str, secret_key: str) -> StoreAddress:
    """The store with a bucket that is new in it."""
    bucket = f"picshare-{secrets.token_hex(6)}"
    scheme, _, host = endpoint.partition("://")
    # One that is starting says Retry-After: 60, and is there in a moment.
    retries = urllib3.Retry(
        total=60,
        backoff_factor=0.1,
        backoff_max=0.5,
        status_forcelist=[503],
        respect_retry_after_header=False,
    )
    http = urllib3.PoolManager(retries=retries)
    keys = {"access_key": access_key, "secret_key": secret_key}
    client = Minio(host, secure=scheme == "https", http_client=http, **keys)
    client.make_bucket(bucket)
    return StoreAddress(endpoint, access_key, secret_key, bucket, is_strict=True)
