"""D11: a step that blocks the loop is told of while it lasts, with its place."""

import time

from server import stalls
from server.stalls import Stalls
from tests.subscriptions.clients import until


async def test_a_call_that_blocks_is_told_of(monkeypatch):
    lines = []
    monkeypatch.setattr(stalls.log, "warning", lambda said, **facts: lines.append((said, facts)))
    before = stalls.STALLS._value.get()
    watching = Stalls(longest_s=0.3)
    watching.watch()

    def blocking():
        time.sleep(1.5)

    blocking()
    await until(lambda: "the loop goes on" in [said for said, _ in lines])
    watching.close()

    assert lines[0][0] == "the loop stands still"
    (place,) = [each for each in lines[0][1]["at"] if each.endswith(" blocking")]
    assert __file__ in place
    assert max(facts.get("stood_s", 0) for _, facts in lines) >= 1
    assert stalls.STALLS._value.get() > before
