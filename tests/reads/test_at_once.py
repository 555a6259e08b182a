"""How many connections are used at once, and by whom first."""

import asyncio

from storage import readers
from storage.database import Database
from storage.readers import LONG_S
from tests.reads.connections import BACKENDS, LONG, fetch, open_all, until


async def test_few_are_at_it_at_once_until_they_take_long(make, begin, watcher, clock):
    readers = make(6, at_once=2, clock=clock)
    await open_all(readers, 6)
    for _ in range(6):
        begin(fetch(readers, LONG))
    running = f"{BACKENDS} and state = 'active' and query = '{LONG}'"
    for expected in (2, 4, 6):
        await until(watcher, running, expected)
        # Those who wait look again all the time, and find that nobody has taken long.
        looked = clock.looked
        async with asyncio.timeout(60):
            while clock.looked < looked + 10 and expected < 6:  # noqa: ASYNC110 - It is a timer's.
                await asyncio.sleep(0)
        assert await watcher.fetchval(running) == expected
        clock.now += LONG_S


async def test_nothing_quick_waits_for_what_takes_long(make, begin, watcher):
    readers = make(2, at_once=1)
    long = begin(fetch(readers, LONG))
    await until(watcher, f"{BACKENDS} and state = 'active'", 1)

    asked = [fetch(readers, "select $1::int", n) for n in range(20)]

    assert [found[0][0] for found in await asyncio.gather(*asked)] == list(range(20))
    assert not long.done()


async def test_one_that_takes_long_makes_room_for_one(make, begin, watcher, clock):
    readers = make(6, at_once=2, clock=clock)
    await open_all(readers, 6)
    begin(fetch(readers, LONG))
    running = f"{BACKENDS} and state = 'active'"
    await until(watcher, running, 1)
    clock.now += LONG_S

    taken = [begin(readers.take()) for _ in range(4)]
    await asyncio.gather(*taken[:2])
    await asyncio.sleep(0)

    assert [each.done() for each in taken] == [True, True, False, False]
    for each in taken:
        readers.take_back(await each, None)


async def test_who_came_first_begins_first(make, begin, clock):
    readers = make(2, at_once=1, clock=clock)
    await open_all(readers, 2)
    first = await readers.take()
    waiting = begin(readers.take())
    await asyncio.sleep(0)
    # From now on there may be another; who comes now does not get it.
    clock.now += LONG_S
    newcomer = begin(readers.take())

    second = await waiting

    assert not newcomer.done()
    for connection in (first, second):
        readers.take_back(connection, None)
    readers.take_back(await newcomer, None)


async def test_a_database_asks_as_few_as_it_is_told(postgres_url, begin, monkeypatch):
    database = Database(postgres_url, pool_size=2, reads_at_once=1)
    monkeypatch.setattr(readers, "LONG_S", 0)
    async with database.reading(), database.reading():
        pass
    monkeypatch.setattr(readers, "LONG_S", 3_600)
    done = asyncio.Event()

    async def read():
        async with database.reading():
            done.set()

    async with database.reading():
        reading = begin(read())
        for _ in range(10):
            await asyncio.sleep(0)
        assert not done.is_set()
    await reading
    await database.close()
