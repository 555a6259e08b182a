import os
import signal
import sys
from pathlib import Path

import psutil
import pytest

from server.embedded.processes import answers_http, await_condition
from tests.cli.conftest import Started

START_TIMEOUT_S = 60


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_serves_until_told_to_stop(
    started: Started, given: dict[str, object], tmp_path: Path, number: signal.Signals
):
    process = started("serve", **given)
    assert await_condition(lambda: _answers(given), START_TIMEOUT_S)

    os.kill(process.pid, number)

    assert await_condition(lambda: process.exit_code is not None, 30)
    assert process.exit_code == 0
    assert "Traceback" not in (tmp_path / "output").read_text()


@pytest.mark.skipif(sys.platform != "linux", reason="only the kernel of Linux ends orphans")
def test_several_processes_end_with_their_parent(started: Started, given: dict[str, object]):
    process = started("serve", processes=2, **given)
    assert await_condition(lambda: _answers(given), START_TIMEOUT_S)
    children = psutil.Process(process.pid).children()
    assert len(children) >= 2

    os.kill(process.pid, signal.SIGKILL)

    _, left = psutil.wait_procs(children, timeout=30)
    assert [child for child in left if child.status() != psutil.STATUS_ZOMBIE] == []


def _answers(given: dict[str, object]) -> bool:
    return answers_http(f"http://127.0.0.1:{given['port']}/livez")
