"""A whole PicShare as its users run it: `picshare dev` in processes of its own."""

import os
import secrets
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import httpx
import psutil
import pytest
from minio import Minio

from server.embedded.processes import await_condition
from server.embedded.sockets import free_port
from tests.services import StoreAddress, another_store, reachable_directory

START_S = 60
STOP_S = 40
PICSHARE = [sys.executable, "-P", "-m", "server.cli"]


@dataclass(frozen=True, slots=True)
class Running:
    """Where it answers and where it keeps its things."""

    url: str
    store: StoreAddress
    data_dir: Path
    log: Path
    pid: int

    def objects(self, prefix: str) -> dict[str, datetime]:
        """The objects whose keys begin so, and when each was last written."""
        scheme, _, host = self.store.endpoint.partition("://")
        keys = {"access_key": self.store.access_key, "secret_key": self.store.secret_key}
        client = Minio(host, secure=scheme == "https", **keys)
        found = client.list_objects(self.store.bucket, prefix, recursive=True)
        return {entry.object_name: entry.last_modified for entry in found}

    def picshare(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run a verb of ours against it."""
        return subprocess.run(
            [*PICSHARE, *arguments],
            env=clean_environment() | {"PICSHARE_PORT": self.url.rpartition(":")[2]} | environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )


def clean_environment() -> dict[str, str]:
    """Ours, without what someone set for a PicShare of their own."""
    return {name: value for name, value in os.environ.items() if not name.startswith("PICSHARE_")}


@pytest.fixture(scope="session")
def running() -> Iterator[Running]:
    """A server with a worker, shared by the tests of one run: make people of your own in it."""
    with started() as found:
        yield found


@contextmanager
def started(**changed: str) -> Iterator[Running]:
    """A server with a worker of one's own, with these variables in its environment."""
    with reachable_directory() as directory, another_store() as given:
        port, log = free_port(), directory / "output.log"
        store = given or _embedded()
        settings = {
            "PICSHARE_DATA_DIR": str(directory / "data"),
            "PICSHARE_PORT": str(port),
            # Everybody here comes from one address.
            "PICSHARE_SIGN_UPS_PER_HOUR": "100000",
            "PICSHARE_LOG_INS_PER_HOUR": "100000",
            # The machine may be busy.
            "PICSHARE_DEADLINE_S": "10",
            **_settings(store, is_embedded=given is None),
            **changed,
        }
        with log.open("w") as output:
            process = subprocess.Popen(
                [*PICSHARE, "dev"],
                env=clean_environment() | settings,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        found = Running(
            url=f"http://127.0.0.1:{port}",
            store=store,
            data_dir=directory / "data",
            log=log,
            pid=process.pid,
        )
        try:
            _await_ready(process, found)
            yield found
        finally:
            _end(process, log)


def _embedded() -> StoreAddress:
    endpoint = f"http://127.0.0.1:{free_port()}"
    keys = secrets.token_hex(8), secrets.token_hex(16)
    return StoreAddress(endpoint, *keys, "picshare", is_strict=False)


def _settings(store: StoreAddress, *, is_embedded: bool) -> dict[str, str]:
    at = (
        {"PICSHARE_EMBEDDED_S3_PORT": store.endpoint.rpartition(":")[2]}
        if is_embedded
        else {"PICSHARE_S3_ENDPOINT": store.endpoint}
    )
    return at | {
        "PICSHARE_S3_ACCESS_KEY": store.access_key,
        "PICSHARE_S3_SECRET_KEY": store.secret_key,
        "PICSHARE_S3_BUCKET": store.bucket,
    }


def _await_ready(process: subprocess.Popen[bytes], found: Running) -> None:
    with closing(httpx.Client(timeout=5)) as client:

        def is_over() -> bool:
            return process.poll() is not None or _is_ready(client, found.url)

        assert await_condition(is_over, START_S), found.log.read_text()
    assert process.poll() is None, found.log.read_text()


def _is_ready(client: httpx.Client, url: str) -> bool:
    try:
        return client.get(f"{url}/readyz").is_success
    except httpx.TransportError:
        return False


def _end(process: subprocess.Popen[bytes], log: Path) -> None:
    """Ask it to end; it must, with all it started, and without a complaint."""
    started = (
        [] if process.poll() is not None else psutil.Process(process.pid).children(recursive=True)
    )
    process.send_signal(signal.SIGTERM)
    try:
        code = process.wait(STOP_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        code = None
    _, left = psutil.wait_procs(started, timeout=5)
    for child in left:
        child.kill()
    assert code == 0, log.read_text()
    assert left == []
