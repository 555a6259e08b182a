"""Other people's client libraries, run as they are against a whole PicShare."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.running import Running, running

__all__ = ["running"]

HERE = Path(__file__).parent


def test_client_libraries_are_served(running: Running) -> None:
    node = shutil.which("node")
    if node is None:
        pytest.skip("there is no Node.js to run the client libraries with")
    done = subprocess.run(
        [node, "--test", "--test-concurrency=1", *sorted(map(str, HERE.glob("*.test.js")))],
        cwd=HERE,
        env=os.environ | {"PICSHARE_GRAPHQL": f"{running.url}/graphql"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
