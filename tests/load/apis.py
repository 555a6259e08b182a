"""`picshare serve` in processes of its own, over whatever services a test has."""

import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import psutil

from server.embedded import postgres
from server.embedded.processes import Process, await_condition
from server.embedded.sockets import free_port
from server.settings import Settings
from storage import revisions
from tests.running import PICSHARE, clean_environment
from tests.services import reachable_directory

START_S = 60
STOP_S = 40
MIB = 1024**2


@dataclass(frozen=True, slots=True)
class Api:
    """Where it answers, and what it takes."""

    url: str
    process: subprocess.Popen[bytes]
    log: Path

    @property
    def port(self) -> int:
        return int(self.url.rpartition(":")[2])

    def memory(self) -> float:
        """MiB of all its processes."""
        return sum(each.memory_info().rss for each in self._all()) / MIB

    def processor_s(self) -> float:
        """Seconds of processor time that all threads of all its processes have taken."""
        threads = [
            path
            for process in self._all()
            for path in Path(f"/proc/{process.pid}/task").glob("*/schedstat")
        ]
        return sum(int(path.read_text().split()[0]) for path in threads) / 1e9

    def files(self) -> int:
        """How many files and sockets they have open."""
        return sum(each.num_fds() for each in self._all())

    def complaints(self) -> list[str]:
        """What it logged as an error or with a traceback."""
        lines = self.log.read_text().splitlines()
        return [line for line in lines if '"level": "error"' in line or "Traceback" in line]

    def _all(self) -> list[psutil.Process]:
        own = psutil.Process(self.process.pid)
        return [own, *own.children(recursive=True)]


def started(settings: Settings, log: Path, port: int = 0) -> Api:
    """An API that begins to start."""
    port = port or free_port()
    ours = clean_environment() | settings.environment()
    with log.open("a") as output:
        process = subprocess.Popen(
            [*PICSHARE, "serve"],
            env=ours | {"PICSHARE_PORT": str(port)},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    return Api(f"http://127.0.0.1:{port}", process, log)


@contextmanager
def serving(settings: Settings, log: Path) -> Iterator[Api]:
    """An API that is ready; it must end in order."""
    api = started(settings, log)
    try:
        await_ready(api)
        yield api
        api.process.terminate()
        assert api.process.wait(STOP_S) == 0, log.read_text()
    finally:
        api.process.kill()
        api.process.wait(STOP_S)


def await_ready(api: Api) -> None:
    """Return when `/readyz` says so."""
    with closing(httpx.Client(timeout=5)) as client:
        assert await_condition(lambda: is_ready(client, api), START_S), api.log.read_text()


def is_ready(client: httpx.Client, api: Api) -> bool:
    try:
        return client.get(f"{api.url}/readyz").is_success
    except httpx.TransportError:
        return False


@contextmanager
def own_postgres() -> Iterator[tuple[str, Process]]:
    """A PostgreSQL that a test may do anything to, without tables; its address, its process."""
    with reachable_directory() as directory:
        cluster = postgres.Cluster(directory / "data", directory / "log", is_durable=False)
        process = postgres.start(cluster)
        try:
            yield cluster.url, process
        finally:
            process.stop()


async def upgraded(url: str) -> str:
    """The same address, with the tables of today behind it."""
    await revisions.upgrade(url)
    return url
