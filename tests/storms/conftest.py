"""An API of two processes over the tests' database, for many clients at once."""

import subprocess
from collections.abc import Iterator

import httpx
import pytest

from server.embedded.processes import await_condition
from server.embedded.sockets import free_port
from server.settings import Settings
from tests.running import PICSHARE, START_S, STOP_S, clean_environment


@pytest.fixture
def served(settings: Settings, database, objects, tmp_path) -> Iterator[str]:
    """Its address; at the end it stops when it is told to."""
    url = f"http://127.0.0.1:{free_port()}"
    environment = {
        "PICSHARE_DATA_DIR": str(tmp_path),
        "PICSHARE_PORT": url.rpartition(":")[2],
        "PICSHARE_PROCESSES": "2",
        "PICSHARE_DRAIN_S": "0",
        "PICSHARE_DATABASE_URL": settings.database_url.get_secret_value(),
        "PICSHARE_S3_ENDPOINT": settings.s3_endpoint,
        "PICSHARE_S3_ACCESS_KEY": settings.s3_access_key,
        "PICSHARE_S3_SECRET_KEY": settings.s3_secret_key.get_secret_value(),
        "PICSHARE_S3_BUCKET": settings.s3_bucket,
        "PICSHARE_SECRET_KEY": settings.secret_key.get_secret_value(),
    }
    log = tmp_path / "output.log"
    with log.open("w") as output:
        process = subprocess.Popen(
            [*PICSHARE, "serve"],
            env=clean_environment() | environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        assert await_condition(lambda: _is_ready(url), START_S), log.read_text()
        yield url
    finally:
        process.terminate()
        code = process.wait(STOP_S)
    assert code == 0, log.read_text()
    assert "Traceback" not in log.read_text()


def _is_ready(url: str) -> bool:
    try:
        return httpx.get(f"{url}/readyz", timeout=5).is_success
    except httpx.TransportError:
        return False
