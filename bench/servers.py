"""The servers that are compared, each alone on the first core when it is its turn."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.requests import SECRET
from server.embedded import postgres
from server.embedded.processes import CannotStart, await_condition, tie_to_parent

PEERS = Path(__file__).parent / "peers"
NAMES = ("picshare", "yoga", "mercurius", "apollo")
SERVER_CORE, OTHER_CORE = 0, (os.cpu_count() or 1) - 1
MEDIA = "http://media.example"
TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Server:
    """One process that answers on a port."""

    name: str
    process: subprocess.Popen[bytes]
    port: int

    def cpu_s(self) -> float:
        """Processor time that it has taken, all threads together."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICKS

    def memory_mb(self) -> float:
        """Resident memory."""
        pages = int(Path(f"/proc/{self.process.pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


@contextmanager
def started(
    names: tuple[str, ...], cluster: postgres.Cluster, logs: Path
) -> Iterator[list[Server]]:
    """All of them, ready; ended at the end."""
    with ExitStack() as stack, socket.socket() as store:
        # Reads need no store; PicShare only wants somebody to listen there.
        store.bind(("127.0.0.1", 0))
        store.listen()
        endpoint = f"http://127.0.0.1:{store.getsockname()[1]}"
        servers = [_start(name, cluster, endpoint, logs, stack) for name in names]
        for server in servers:
            _await(server, logs)
        yield servers


def _start(
    name: str, cluster: postgres.Cluster, endpoint: str, logs: Path, stack: ExitStack
) -> Server:
    port = _free_port()
    command = [str(Path(sys.executable).parent / "picshare"), "serve"]
    environment = _ours(cluster, endpoint, port)
    if name != "picshare":
        command, environment = ["node", f"src/{name}.js"], _theirs(cluster, port)
    parent = os.getpid()

    def prepare() -> None:
        tie_to_parent(signal.SIGKILL, parent)
        os.sched_setaffinity(0, {SERVER_CORE})

    log = stack.enter_context((logs / f"{name}.log").open("wb"))
    process = subprocess.Popen(
        command,
        cwd=PEERS,
        env=dict(os.environ) | environment,
        stdout=log,
        stderr=log,
        preexec_fn=prepare,  # noqa: PLW1509 - The parent has one thread.
    )
    stack.callback(_end, process)
    return Server(name, process, port)


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _await(server: Server, logs: Path) -> None:
    def listens() -> bool:
        with socket.socket() as probe:
            return server.process.poll() is not None or not probe.connect_ex(
                ("127.0.0.1", server.port)
            )

    if not await_condition(listens, 60) or server.process.poll() is not None:
        raise CannotStart(f"{server.name}: {(logs / f'{server.name}.log').read_text()[-2000:]}")


def _ours(cluster: postgres.Cluster, endpoint: str, port: int) -> dict[str, str]:
    return _shared() | {
        "PICSHARE_DATABASE_URL": cluster.url,
        "PICSHARE_PORT": str(port),
        "PICSHARE_S3_ENDPOINT": endpoint,
        "PICSHARE_S3_ACCESS_KEY": "bench",
        "PICSHARE_S3_SECRET_KEY": "bench-secret",
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
