import os
import re
import signal
from pathlib import Path

import psutil

from server.embedded.processes import answers_http, await_condition
from tests.cli.conftest import Picshare, Started

START_TIMEOUT_S = 120
STOP_TIMEOUT_S = 60


def test_a_whole_life(started: Started, picshare: Picshare, directory: Path, tmp_path: Path):
    """Start, refuse a second one, be killed, start again on the same data, stop on Ctrl-C."""
    settings = {"data_dir": directory / "data", "port": 0, "embedded_s3_port": 0}
    first = started("dev", **settings)
    _await_running(tmp_path)
    second = picshare("dev", **settings)
    assert second.exit_code == 1
    assert second.stderr == (
        f"picshare: another `picshare dev` (process {first.pid}) uses {directory / 'data'}; "
        "set PICSHARE_DATA_DIR to another directory\n"
    )

    children = psutil.Process(first.pid).children(recursive=True)
    os.kill(first.pid, signal.SIGKILL)
    _await_gone(children)

    (tmp_path / "output").unlink()
    third = started("dev", **settings)
    _await_running(tmp_path)
    children = psutil.Process(third.pid).children(recursive=True)
    os.kill(third.pid, signal.SIGINT)
    assert await_condition(lambda: third.exit_code is not None, STOP_TIMEOUT_S)
    _await_gone(children)
    output = (tmp_path / "output").read_text()
    assert third.exit_code == 0, output
    assert "Traceback" not in output


def _await_running(directory: Path) -> None:
    output = directory / "output"
    assert await_condition(lambda: "Ctrl-C stops it" in output.read_text(), START_TIMEOUT_S), (
        output.read_text()
    )
    found = re.search(r"GraphiQL +(http://\S+)/graphql", output.read_text())
    assert found is not None
    assert answers_http(f"{found[1]}/livez")


def _await_gone(children: list[psutil.Process]) -> None:
    _, left = psutil.wait_procs(children, timeout=STOP_TIMEOUT_S)
    assert [child for child in left if child.status() != psutil.STATUS_ZOMBIE] == []
