"""The real parts that tests stand on: one PostgreSQL and one S3 endpoint for the whole run.

PICSHARE_TEST_S3_ENDPOINT, PICSHARE_TEST_S3_ACCESS_KEY and PICSHARE_TEST_S3_SECRET_KEY name
another store to test against; its bucket must not exist or be empty.
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
from minio import Minio

from server.embedded import postgres
from server.embedded import store as embedded_store
from server.embedded.sockets import free_port

BUCKET = "picshare"


@dataclass(frozen=True, slots=True)
class StoreAddress:
    endpoint: str
    access_key: str
    secret_key: str
    bucket: str


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
    endpoint = os.environ.get("PICSHARE_TEST_S3_ENDPOINT")
    if endpoint:
        yield _given(endpoint)
        return
    with reachable_directory() as directory:
        made = embedded(directory)
        processes = [embedded_store.start(made), embedded_store.start_front(made)]
        try:
            yield StoreAddress(made.endpoint, made.access_key, made.secret_key, made.bucket)
        finally:
            for process in reversed(processes):
                process.stop()


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


def _given(endpoint: str) -> StoreAddress:
    address = StoreAddress(
        endpoint.rstrip("/"),
        os.environ["PICSHARE_TEST_S3_ACCESS_KEY"],
        os.environ["PICSHARE_TEST_S3_SECRET_KEY"],
        f"picshare-{secrets.token_hex(6)}",
    )
    scheme, _, host = address.endpoint.partition("://")
    client = Minio(
        host,
        access_key=address.access_key,
        secret_key=address.secret_key,
        secure=scheme == "https",
    )
    client.make_bucket(address.bucket)
    return address
