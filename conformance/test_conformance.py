"""Other people's client libraries, run as they are against a whole PicShare."""

import asyncio
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import asyncpg
import httpx
import pytest
from PIL import Image

from conformance import generated
from server.embedded.processes import Process, Program, await_condition
from server.embedded.sockets import free_port
from tests.running import PICSHARE, Running, clean_environment, started
from tests.services import StoreAddress

HERE = Path(__file__).parent
SECRET = "a secret of thirty-two characters"
START_S = 60
# Clients keep sockets open for a while, which nobody waits for.
NODE = ("node", "--test", "--test-concurrency=2", "--test-force-exit")

pytestmark = pytest.mark.skipif(
    shutil.which("node") is None, reason="there is no Node.js to run the client libraries with"
)


@pytest.fixture(scope="module")
def manifests() -> list[dict[str, str]]:
    """The trusted documents of graphql-codegen and of relay-compiler."""
    return [generated.codegen(), generated.relay()]


@pytest.fixture(scope="module")
def running() -> Iterator[Running]:
    """A server with a worker, whose secret the other APIs share."""
    with started(PICSHARE_SECRET_KEY=SECRET) as found:
        yield found


@pytest.fixture(scope="module")
def apis(running: Running, manifests: list[dict[str, str]], tmp_path_factory) -> Iterator[dict]:
    """An address of GraphQL for each way to be set, by the variable that names it to Node.js."""
    del manifests
    trusted = [generated.GENERATED / "codegen" / "persisted-documents.json"]
    trusted.append(generated.GENERATED / "relay" / "persisted.json")
    ways = {
        "NEWEST": {"GRAPHQL_OVER_HTTP": "september-2026"},
        "TRUSTING": {"DOCUMENT_MODE": "only", "TRUSTED_DOCUMENTS": ",".join(map(str, trusted))},
        "BRIEF": {"ACCESS_TOKEN_TTL_S": "6"},
    }
    log = tmp_path_factory.mktemp("apis")
    with ExitStack() as opened:
        served = {
            f"PICSHARE_GRAPHQL_{name}": opened.enter_context(_serving(running, log / name, given))
            for name, given in ways.items()
        }
        for url in served.values():
            assert await_condition(lambda url=url: _is_ready(url), START_S), url
        yield {"PICSHARE_GRAPHQL": f"{running.url}/graphql"} | served


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    path = tmp_path / "picture.jpg"
    Image.linear_gradient("L").resize((320, 240)).save(path)
    return path


@pytest.fixture
def broken(running: Running) -> Iterator[None]:
    """What nobody foresees: a table is not there."""
    asyncio.run(_execute(running, "ALTER TABLE exports RENAME TO exports_away"))
    yield
    asyncio.run(_execute(running, "ALTER TABLE exports_away RENAME TO exports"))


def test_generators_accept_the_schema(manifests: list[dict[str, str]]) -> None:
    assert all(manifests)
    generated.types_are_sound()


@pytest.mark.usefixtures("broken")
def test_client_libraries_are_served(apis: dict[str, str], picture: Path) -> None:
    done = subprocess.run(
        [*NODE, *sorted(map(str, HERE.glob("*.test.js")))],
        cwd=HERE,
        env=os.environ | apis | {"PICSHARE_PICTURE": str(picture)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


@contextmanager
def _serving(running: Running, log: Path, given: dict[str, str]) -> Iterator[str]:
    """Another API over the same database and the same store."""
    port = free_port()
    settings = (
        given
        | _store(running.store)
        | {
            "DATABASE_URL": _database(running),
            "SECRET_KEY": SECRET,
            "PORT": str(port),
            "SIGN_UPS_PER_HOUR": "100000",
        }
    )
    environment = clean_environment() | {f"PICSHARE_{k}": v for k, v in settings.items()}
    process = Process(Program("serve", [*PICSHARE, "serve"], environment, log=log, grace_s=30))
    try:
        yield f"http://127.0.0.1:{port}/graphql"
    finally:
        process.stop()


def _store(store: StoreAddress) -> dict[str, str]:
    return {
        "S3_ENDPOINT": store.endpoint,
        "S3_ACCESS_KEY": store.access_key,
        "S3_SECRET_KEY": store.secret_key,
        "S3_BUCKET": store.bucket,
    }


def _database(running: Running) -> str:
    """Its address, as it was printed."""
    lines = running.log.read_text().splitlines()
    return next(line for line in lines if line.startswith("  Database")).split()[1]


def _is_ready(url: str) -> bool:
    try:
        return httpx.get(f"{url.removesuffix('/graphql')}/readyz", timeout=5).is_success
    except httpx.TransportError:
        return False


async def _execute(running: Running, statement: str) -> None:
    connection = await asyncpg.connect(_database(running))
    try:
        await connection.execute(statement)
    finally:
        await connection.close()
