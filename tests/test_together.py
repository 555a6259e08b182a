"""Questions that are asked at the same time leave together, and nobody is lost on the way."""

import asyncio
from contextvars import ContextVar

import pytest

from server.together import Together

asker = ContextVar("asker", default="nobody")


class Oracle:
    """Answers with the double, when it is let."""

    def __init__(self):
        self.asked = []
        self.may_answer = asyncio.Event()

    async def __call__(self, keys):
        self.asked.append((list(keys), asker.get()))
        await self.may_answer.wait()
        if 13 in keys:
            raise LookupError("13")
        return [2 * key for key in keys]


@pytest.fixture
def oracle():
    return Oracle()


@pytest.fixture
def together(oracle):
    return Together(oracle)


async def until_asked(oracle, times):
    async with asyncio.timeout(30):
        while len(oracle.asked) < times:  # noqa: ASYNC110 - Nobody tells.
            await asyncio.sleep(0.001)


async def test_those_who_come_at_once_are_one_question_of_nobody(oracle, together):
    asker.set("somebody")
    turns = [together.ask(key) for key in (1, 2, 3)]
    oracle.may_answer.set()

    assert await asyncio.gather(*turns) == [2, 4, 6]
    assert oracle.asked == [([1, 2, 3], "nobody")]


async def test_those_who_come_meanwhile_gather_for_the_next(oracle, together):
    first = together.ask(1)
    await until_asked(oracle, 1)
    others = [together.ask(2), together.ask(3)]
    oracle.may_answer.set()

    assert await asyncio.gather(first, *others) == [2, 4, 6]
    assert [keys for keys, _ in oracle.asked] == [[1], [2, 3]]


async def test_nobody_waits_for_long_behind_an_answer_that_does_not_come(oracle, together):
    first = together.ask(1)
    await until_asked(oracle, 1)
    second = together.ask(2)

    # Nothing was answered so far.
    await until_asked(oracle, 2)
    oracle.may_answer.set()
    assert await asyncio.gather(first, second) == [2, 4]


async def test_a_failure_is_that_of_all_whom_it_struck_and_of_no_other(oracle, together):
    struck = [together.ask(12), together.ask(13)]
    await until_asked(oracle, 1)
    later = together.ask(14)
    oracle.may_answer.set()

    found = await asyncio.gather(*struck, return_exceptions=True)
    assert [str(error) for error in found] == ["13", "13"]
    assert await later == 28


async def test_who_gives_up_disturbs_no_other(oracle, together):
    gone, stays = together.ask(1), together.ask(2)
    await until_asked(oracle, 1)
    gone.cancel()
    oracle.may_answer.set()

    assert await stays == 4
