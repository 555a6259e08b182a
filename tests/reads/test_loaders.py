"""What is asked of a loader at the same time is one read; what goes wrong concerns who waited."""

import asyncio

import pytest

from resolvers.batches import Loader


class Source:
    """Squares of numbers, found when it is let go; notes what it was asked for."""

    def __init__(self) -> None:
        self.asked = []
        self.may_answer = asyncio.Event()
        self.may_answer.set()

    async def find(self, keys):
        self.asked.append(list(keys))
        await self.may_answer.wait()
        if -1 in keys:
            raise ValueError("there is no such number")
        return {key: key * key for key in keys if key < 100}


@pytest.fixture
def source():
    return Source()


@pytest.fixture
def loader(source):
    return Loader(source.find)


async def test_what_is_asked_for_at_the_same_time_is_one_read(source, loader):
    one, two, several = await asyncio.gather(loader.load(1), loader.load(2), loader.many([3, 1]))
    assert (one, two, several) == (1, 4, [9, 1])
    assert source.asked == [[1, 2, 3]]


async def test_nothing_is_read_twice_not_even_what_is_not_there(source, loader):
    assert await loader.many([5, 100]) == [25, None]
    assert await loader.many([100, 5]) == [None, 25]
    assert source.asked == [[5, 100]]


async def test_what_is_on_its_way_is_waited_for(source, loader):
    source.may_answer.clear()
    first = asyncio.create_task(loader.load(1))
    while not source.asked:  # noqa: ASYNC110 - The task does it.
        await asyncio.sleep(0)
    others = [asyncio.create_task(loader.load(key)) for key in (1, 2, 3)]
    await asyncio.sleep(0.01)
    source.may_answer.set()
    assert await asyncio.gather(first, *others) == [1, 1, 4, 9]
    assert source.asked == [[1], [2, 3]]


async def test_who_asks_alone_lets_nobody_go_first(source, loader):
    asking = loader.alone(5)

    # Nothing here has to wait, so it is over in one step.
    with pytest.raises(StopIteration) as over:
        asking.send(None)
    assert over.value.value == 25
    assert await loader.alone(100) is None
    # Whoever comes later asks for none of it again.
    assert await loader.many([5, 100, 6]) == [25, None, 36]
    assert await loader.alone(6) == 36
    assert source.asked == [[5], [100], [6]]


async def test_those_who_waited_go_on_together(source, loader):
    """Or what each asks next would be a read of its own."""
    next_source = Source()
    following = Loader(next_source.find)

    async def asking(key):
        return await following.load(await loader.load(key))

    assert await asyncio.gather(*(asking(key) for key in range(9))) == [n**4 for n in range(9)]
    assert len(source.asked) == len(next_source.asked) == 1


async def test_a_failure_is_raised_to_all_who_waited(source, loader):
    source.may_answer.clear()
    asking = asyncio.gather(loader.load(-1), loader.load(1), return_exceptions=True)
    while not source.asked:  # noqa: ASYNC110 - The task does it.
        await asyncio.sleep(0.01)
    source.may_answer.set()
    assert [type(each) for each in await asking] == [ValueError, ValueError]
    assert source.asked == [[-1, 1]]
    assert await loader.load(1) == 1


async def test_whoever_gives_up_leaves_the_reading_to_the_others(source, loader):
    source.may_answer.clear()
    first, second = asyncio.create_task(loader.load(1)), asyncio.create_task(loader.load(1))
    while not source.asked:  # noqa: ASYNC110 - The task does it.
        await asyncio.sleep(0)
    first.cancel()
    source.may_answer.set()
    assert await second == 1
    assert first.cancelled()


@pytest.mark.parametrize(
    ("query", "is_alone"),
    [
        ("{ node(id: $id) { id } }", True),
        ("{ viewer { id } }", True),
        ("{ viewer { id } __typename }", True),
        ("{ one: node(id: $id) { id } other: node(id: $other) { id } }", False),
        ("{ nodes(ids: [$id, $other]) { id } }", False),
        ("{ viewer { id } node(id: $id) { id } }", False),
    ],
)
async def test_only_who_asks_for_one_thing_is_read_for_alone(
    ask_counted, ann, bob, monkeypatch, query, is_alone
):
    """Otherwise people who are asked for at the same time would be a statement each."""
    alone = []
    asked_alone = Loader.alone

    async def noted(loader, key):
        alone.append(key)
        return await asked_alone(loader, key)

    monkeypatch.setattr(Loader, "alone", noted)
    declared = "query($id: ID!, $other: ID!)" if "$other" in query else "query($id: ID!)"
    ids = {"id": bob.id, "other": ann.id} if "$" in query else {}
    operation = f"{declared if ids else 'query'} {query}"

    data, counted = await ask_counted(operation, viewer=ann, **ids)

    assert bool(alone) == is_alone
    assert counted == 1
    assert all(data.values())
