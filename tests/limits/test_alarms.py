"""Alarms ring in their time, those that were stopped do not, and the loop knows of one timer."""

import asyncio
from functools import partial

from server.graphql.limits.alarms import Alarms


class Loop:
    """What an event loop does with timers, at a time of ours."""

    def __init__(self):
        self.now = 0.0
        self.timers = []
        self.failures = []

    def time(self):
        return self.now

    def call_at(self, due, look, *given, context):
        assert not [*context]
        self.timers.append((due, partial(look, *given)))
        return self.timers[-1]

    def call_exception_handler(self, context):
        self.failures.append(context["exception"])

    def pass_to(self, now):
        self.now = now
        due = [timer for timer in self.timers if timer[0] <= now]
        self.timers = [timer for timer in self.timers if timer[0] > now]
        for _, look in due:
            look()


def alarms(monkeypatch):
    loop = Loop()
    monkeypatch.setattr(asyncio, "get_running_loop", lambda: loop)
    return loop, Alarms(2.0)


def test_each_rings_when_it_is_due(monkeypatch):
    loop, made = alarms(monkeypatch)
    rung = []
    for at in (0.0, 0.5, 1.0):
        loop.pass_to(at)
        made.set(partial(rung.append, at))

    assert len(loop.timers) == 1
    loop.pass_to(1.9)
    assert rung == []
    loop.pass_to(2.0)
    assert rung == [0.0]
    assert [due for due, _ in loop.timers] == [2.5]
    loop.pass_to(3.5)
    assert rung == [0.0, 0.5, 1.0]
    assert loop.timers == []


def test_one_that_was_stopped_does_not_ring(monkeypatch):
    loop, made = alarms(monkeypatch)
    rung = []
    first, second = partial(rung.append, 1), partial(rung.append, 2)
    made.set(first)
    made.set(second)

    made.stop(first)
    made.stop(first)
    loop.pass_to(2.0)

    assert rung == [2]


def test_one_that_rings_may_stop_another_and_set_itself_again(monkeypatch):
    loop, made = alarms(monkeypatch)
    rung = []

    def first():
        rung.append(loop.now)
        made.stop(second)
        made.set(first)

    second = partial(rung.append, "never")
    made.set(first)
    made.set(second)
    loop.pass_to(2.0)
    loop.pass_to(4.0)

    assert rung == [2.0, 4.0]


def test_one_that_fails_is_told_of_and_keeps_none_of_the_others(monkeypatch):
    loop, made = alarms(monkeypatch)
    rung = []
    made.set(lambda: 1 / 0)
    made.set(partial(rung.append, "next"))

    loop.pass_to(2.0)

    assert rung == ["next"]
    assert [type(each) for each in loop.failures] == [ZeroDivisionError]


def test_another_loop_begins_anew():
    made, rung = Alarms(0.01), []

    async def setting(number, seconds):
        made.set(partial(rung.append, number))
        await asyncio.sleep(seconds)

    asyncio.run(setting(1, 0))
    asyncio.run(setting(2, 0.1))

    assert rung == [2]
