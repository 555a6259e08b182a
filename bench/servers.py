"""The servers that are compared, each alone on the first core when it is its turn."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench import machine
from bench.requests import SECRET
from server.embedded import postgres
from server.embedded.processes import CannotStart, await_condition, tie_to_parent

NAMES = ("picshare", "yoga", "mercurius", "apollo", "postgraphile")
SERVER_CORE, OTHER_CORE = 0, (os.cpu_count() or 1) - 1
MEDIA = "http://media.example"


@dataclass(frozen=True, slots=True)
class Server:
    """One process that answers on a port."""

    name: str
    process: subprocess.Popen[bytes]
    port: int

    def cpu_s(self) -> float:
        """Processor time that it has taken, all threads together."""
        return machine.cpu_s(self.process.pid)

    def memory_mb(self) -> float:
        """Resident memory."""
        return machine.memory_mb(self.process.pid)


@contextmanager
def started(
    names: tuple[str, ...], cluster: postgres.Cluster, logs: Path
) -> Iterator[list[Server]]:
    """All of them, ready; ended at the end."""
    with ExitStack() as stack:
        yield [
            stack.enter_context(
                picshare(cluster, logs) if name == "picshare" else _peer(name, cluster, logs)
            )
            for name in names
        ]


@contextmanager
def picshare(
    cluster: postgres.Cluster, logs: Path, name: str = "picshare", **changed: str
) -> Iterator[Server]:
    """Our server with its defaults, and other settings where they are given."""
    port = _free_port()
    command = [str(Path(sys.executable).parent / "picshare"), "serve"]
    with socket.socket() as store:
        # Reads need no store; PicShare only wants somebody to listen there.
        store.bind(("127.0.0.1", 0))
        store.listen()
        endpoint = f"http://127.0.0.1:{store.getsockname()[1]}"
        environment = _ours(cluster, endpoint, port) | changed
        with _running(name, command, port, logs, environment) as server:
            yield server


def _peer(name: str, cluster: postgres.Cluster, logs: Path) -> AbstractContextManager[Server]:
    port = _free_port()
    return _running(name, [machine.node(), f"src/{name}.js"], port, logs, _theirs(cluster, port))


def echo(way: str, logs: Path) -> AbstractContextManager[Server]:
    """What answers a body with itself; see `bench.echo`."""
    port = _free_port()
    return _running(f"echo-{way}", [sys.executable, "-m", "bench.echo", str(port), way], port, logs)


@contextmanager
def _running(
    name: str, command: list[str], port: int, logs: Path, environment: dict[str, str] | None = None
) -> Iterator[Server]:
    """One server, ready; ended at the end."""
    parent = os.getpid()

    def prepare() -> None:
        tie_to_parent(signal.SIGKILL, parent)
        os.sched_setaffinity(0, {SERVER_CORE})

    with (logs / f"{name}.log").open("wb") as log:
        process = subprocess.Popen(
            command,
            cwd=machine.PEERS,
            env=dict(os.environ) | (environment or {}),
            stdout=log,
            stderr=log,
            preexec_fn=prepare,  # noqa: PLW1509 - The parent has one thread.
        )
        try:
            server = Server(name, process, port)
            _await(server, Path(log.name))
            yield server
        finally:
            _end(process)


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _await(server: Server, log: Path) -> None:
    def listens() -> bool:
        with socket.socket() as probe:
            return server.process.poll() is not None or not probe.connect_ex(
                ("127.0.0.1", server.port)
            )

    if not await_condition(listens, 60) or server.process.poll() is not None:
        raise CannotStart(f"{server.name}: {log.read_text()[-2000:]}")


def _ours(cluster: postgres.Cluster, endpoint: str, port: int) -> dict[str, str]:
    return _shared() | {
        "PICSHARE_DATABASE_URL": cluster.url,
        "PICSHARE_PORT": str(port),
        "PICSHARE_S3_ENDPOINT": endpoint,
        "PICSHARE_S3_ACCESS_KEY": "bench",
        "PICSHARE_S3_SECRET_KEY": "bench-secret",
        # No peer writes a line for each request.
        "PICSHARE_LOG_LEVEL": "warning",
        # Charged as always, refused never.
        "PICSHARE_RATE_POINTS_PER_MINUTE": "1000000000",
        "PICSHARE_RATE_BURST_POINTS": "1000000000",
    }


def _theirs(cluster: postgres.Cluster, port: int) -> dict[str, str]:
    return _shared() | {
        "NODE_ENV": "production",
        "PORT": str(port),
        "PGHOST": str(cluster.socket_directory),
        "PGUSER": postgres.SUPERUSER,
        "PGDATABASE": cluster.database,
    }


def _shared() -> dict[str, str]:
    return {
        "PICSHARE_SECRET_KEY": SECRET,
        "PICSHARE_MEDIA_URL": f"{MEDIA}/media",
        "PICSHARE_RESTRICTED_MEDIA_URL": f"{MEDIA}/restricted",
    }


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
