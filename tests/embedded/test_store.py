import os
import signal
import socket
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import timedelta
from urllib.parse import urlsplit

import httpx
import psutil
import pytest
from minio import Minio

from server.embedded import store
from server.embedded.processes import Process, await_condition
from server.embedded.store import Store
from tests.services import StoreAddress

PREFLIGHT = {
    "Origin": "https://app.example",
    "Access-Control-Request-Method": "PUT",
    "Access-Control-Request-Headers": "content-type,x-amz-checksum-sha256",
}


def test_a_page_of_any_origin_may_upload_with_a_checksum(store: StoreAddress):
    answer = httpx.options(f"{store.endpoint}/{store.bucket}/key", headers=PREFLIGHT)

    allowed = answer.headers["access-control-allow-headers"].split(", ")
    assert answer.status_code == 204
    assert answer.headers["access-control-allow-origin"] == "*"
    assert {"content-type", "x-amz-checksum-sha256"} <= set(allowed)
    assert "PUT" in answer.headers["access-control-allow-methods"]


def test_a_page_can_read_the_etag_of_its_upload(store: StoreAddress):
    url = _client(store).presigned_put_object(store.bucket, "etag", timedelta(minutes=1))

    with httpx.Client(headers={"Origin": "https://app.example"}) as browser:
        preflight = browser.options(url, headers=PREFLIGHT)
        answer = browser.put(url, content=b"hello")

    assert (preflight.status_code, answer.status_code) == (204, 200)
    assert answer.headers["etag"] == '"5d41402abc4b2a76b9719d911017c592"'
    assert answer.headers["access-control-allow-origin"] == "*"
    assert answer.headers["access-control-expose-headers"] == "ETag"


def test_a_forged_signature_stores_nothing(store: StoreAddress):
    url = _client(store).presigned_put_object(store.bucket, "forged", timedelta(minutes=1))

    answer = httpx.put(f"{url}0", content=b"hello")

    assert answer.status_code == 403
    assert not _exists(store, "forged")


def test_a_range_is_read(store: StoreAddress):
    client = _client(store)
    url = client.presigned_put_object(store.bucket, "range", timedelta(minutes=1))
    httpx.put(url, content=bytes(range(100)))

    with closing(client.get_object(store.bucket, "range", offset=10, length=5)) as answer:
        assert answer.read() == bytes(range(10, 15))
        assert answer.headers["content-range"] == "bytes 10-14/100"


def test_long_headers_pass_and_longer_ones_are_refused(store: StoreAddress):
    url = _client(store).presigned_put_object(store.bucket, "headers", timedelta(minutes=1))

    fits = httpx.put(url, content=b"hello", headers={"x-long": "x" * 28_000})
    too_long = httpx.put(url, content=b"hello", headers={"x-long": "x" * 40_000})

    assert (fits.status_code, too_long.status_code) == (200, 431)


def test_a_second_start_finds_the_objects_again(own_store: Store):
    with _running(own_store):
        url = _client(own_store).presigned_put_object("picshare", "a/b", timedelta(minutes=1))
        httpx.put(url, content=b"hello")

    with _running(own_store), closing(_client(own_store).get_object("picshare", "a/b")) as answer:
        assert answer.read() == b"hello"


def test_half_an_upload_is_never_seen_and_leaves_nothing(own_store: Store):
    unfinished = own_store.directory / "picshare"
    with _running(own_store) as (process, _), closing(_begin_put(own_store, "half")):
        assert await_condition(lambda: _files(unfinished) != [], 10)
        assert not _exists(own_store, "half")
        os.kill(process.pid, signal.SIGKILL)
        assert await_condition(lambda: process.exit_code is not None, 10)
    assert len(_files(unfinished)) == 1

    with _running(own_store):
        assert not _exists(own_store, "half")
        assert _files(unfinished) == []


def test_the_keys_are_not_on_the_command_line(own_store: Store):
    with _running(own_store) as processes:
        for process in processes:
            assert own_store.secret_key not in " ".join(psutil.Process(process.pid).cmdline())


@contextmanager
def _running(of: Store) -> Iterator[tuple[Process, Process]]:
    process = store.start(of)
    front = store.start_front(of)
    try:
        yield process, front
    finally:
        front.stop()
        process.stop()


def _client(of: Store | StoreAddress) -> Minio:
    host = of.endpoint.removeprefix("http://")
    return Minio(
        host, access_key=of.access_key, secret_key=of.secret_key, secure=False, region="us-east-1"
    )


def _exists(of: Store | StoreAddress, key: str) -> bool:
    return key in [found.object_name for found in _client(of).list_objects(of.bucket, key)]


def _files(directory) -> list[str]:
    return [name for _, _, names in os.walk(directory) for name in names]


def _begin_put(of: Store, key: str) -> socket.socket:
    """The first half of an upload."""
    url = urlsplit(_client(of).presigned_put_object(of.bucket, key, timedelta(minutes=1)))
    connection = socket.create_connection((url.hostname, url.port))
    head = f"PUT {url.path}?{url.query} HTTP/1.1\r\nHost: {url.netloc}\r\nContent-Length: 1000000"
    connection.sendall(f"{head}\r\n\r\n".encode() + bytes(500_000))
    return connection


@pytest.fixture(autouse=True)
def _only_embedded() -> None:
    if "PICSHARE_TEST_S3_ENDPOINT" in os.environ:
        pytest.skip("tests of the embedded store do not apply to another one")
