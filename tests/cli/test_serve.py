import os
import signal
import sys
from pathlib import Path

import httpx
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


@pytest.mark.parametrize("processes", [1, 2])
def test_it_is_unready_before_it_ends_and_still_answers(
    started: Started, given: dict[str, object], processes: int
):
    process = started("serve", processes=processes, drain_s=3, **given)
    assert await_condition(lambda: _answers(given), START_TIMEOUT_S)
    address = f"http://127.0.0.1:{given['port']}"

    os.kill(process.pid, signal.SIGTERM)

    def is_leaving() -> bool:
        ready = httpx.get(f"{address}/readyz", timeout=5)
        return ready.status_code == 503 and ready.json()["leaving"]

    assert await_condition(is_leaving, 3)
    answer = httpx.post(f"{address}/graphql", json={"query": "{ __typename }"}, timeout=5)
    assert answer.json() == {"data": {"__typename": "Query"}}
    assert await_condition(lambda: process.exit_code is not None, 30)
    assert process.exit_code == 0


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
