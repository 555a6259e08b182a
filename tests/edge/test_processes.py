"""Several API processes: what they share, and what becomes of one that dies."""

import contextlib
import pickle

import psutil
import pytest

from server.cli.serve import HUNG_S
from server.embedded.processes import await_condition
from server.http import serving
from server.settings import Settings
from tests.cli.conftest import given, started
from tests.running import START_S

__all__ = ["given", "started"]


def test_the_options_can_be_sent_to_another_process(settings: Settings):
    options = serving.options(settings)

    sent = pickle.loads(pickle.dumps(options))

    assert {name: sent[name] for name in sent if name != "http"} == {
        name: options[name] for name in options if name != "http"
    }
    assert sent["http"].keywords == options["http"].keywords


def test_a_process_that_dies_while_it_is_asked_is_replaced(
    started, given, database, objects, tmp_path
):
    served = started("serve", **given, processes=2, data_dir=tmp_path)
    parent = psutil.Process(served.pid)
    assert await_condition(lambda: len(_workers(parent)) == 2, START_S)
    first, other = _workers(parent)
    # Its supervisor asks each of them every half second, and waits for the answer of this one.
    first.suspend()
    with pytest.raises(psutil.TimeoutExpired):
        first.wait(2)
    first.kill()

    assert await_condition(lambda: len(_workers(parent) - {first, other}) == 1, HUNG_S / 2)


def _workers(parent):
    found = set()
    for child in parent.children():
        # Others come and go that are none of them.
        with contextlib.suppress(psutil.NoSuchProcess):
            if "spawn_main" in " ".join(child.cmdline()):
                found.add(child)
    return found
