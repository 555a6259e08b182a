import os
import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from server.cli.main import app
from server.embedded.processes import Process, Program
from server.embedded.sockets import free_port
from server.settings import PREFIX
from tests.services import StoreAddress, reachable_directory

SECRET = "a secret of thirty-two characters"

Picshare = Callable[..., Result]
Started = Callable[..., Process]


@pytest.fixture
def picshare(monkeypatch: pytest.MonkeyPatch) -> Picshare:
    """Call the command line with these settings and none of ours."""
    for name in [name for name in os.environ if name.startswith(PREFIX)]:
        monkeypatch.delenv(name)

    def call(*arguments: str, **settings: object) -> Result:
        return CliRunner().invoke(app, arguments, env=_environment(settings))

    return call


@pytest.fixture
def started(tmp_path: Path) -> Iterator[Started]:
    """Start a verb as a process of its own, with its output in tmp_path/output."""
    processes = []

    def start(verb: str, **settings: object) -> Process:
        others = {key: value for key, value in os.environ.items() if not key.startswith(PREFIX)}
        command = [sys.executable, "-P", "-m", "server.cli", verb]
        environment = others | _environment(settings)
        program = Program(verb, command, environment, log=tmp_path / "output", grace_s=30)
        processes.append(Process(program))
        return processes[-1]

    yield start
    for process in processes:
        process.stop()


@pytest.fixture
def directory() -> Iterator[Path]:
    with reachable_directory() as made:
        yield made


@pytest.fixture
def given(postgres_url: str, store: StoreAddress) -> dict[str, object]:
    """Settings with which everything works."""
    return {
        "database_url": postgres_url,
        "s3_endpoint": store.endpoint,
        "s3_access_key": store.access_key,
        "s3_secret_key": store.secret_key,
        "s3_bucket": store.bucket,
        "secret_key": SECRET,
        "port": free_port(),
    }


@pytest.fixture
def taken_port() -> Iterator[int]:
    with closing(socket.create_server(("127.0.0.1", 0))) as listening:
        yield listening.getsockname()[1]


def _environment(settings: dict[str, object]) -> dict[str, str]:
    return {f"{PREFIX}{name.upper()}": str(value) for name, value in settings.items()}
