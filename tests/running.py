"""A whole PicShare as its users run it: `picshare dev` in processes of its own."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import httpx
import psutil
import pytest

from server.embedded.processes import await_condition
from server.embedded.sockets import free_port
from tests.services import reachable_directory

START_S = 60
STOP_S = 40
PICSHARE = [sys.executable, "-P", "-m", "server.cli"]


@dataclass(frozen=True, slots=True)
class Running:
    """Where it answers and where it keeps its things."""

    url: str
    s3_endpoint: str
    data_dir: Path
    log: Path
    pid: int

    def objects(self, prefix: str) -> list[Path]:
        """The files behind the objects in the bucket whose keys begin so."""
        folder = self.data_dir / "objects" / "picshare" / prefix
        return sorted(path for path in folder.rglob("*") if path.is_file())

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
    with reachable_directory() as directory:
        ports = {"PICSHARE_PORT": free_port(), "PICSHARE_EMBEDDED_S3_PORT": free_port()}
        log = directory / "output.log"
        settings = {
            "PICSHARE_DATA_DIR": str(directory / "data"),
            **{name: str(port) for name, port in ports.items()},
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
            url=f"http://127.0.0.1:{ports['PICSHARE_PORT']}",
            s3_endpoint=f"http://127.0.0.1:{ports['PICSHARE_EMBEDDED_S3_PORT']}",
            data_dir=directory / "data",
            log=log,
            pid=process.pid,
        )
        try:
            _await_ready(process, found)
            yield found
        finally:
            _end(process, log)


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
