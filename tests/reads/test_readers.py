"""Connections that are taken and given back, against a real PostgreSQL."""

import asyncio
from contextlib import suppress

import asyncpg
import pytest

from storage.losses import BROKEN
from storage.readers import Busy, Readers
from tests.reads.connections import BACKENDS, END, LONG, connected, fetch, open_all, until


async def test_one_after_the_other_shares_a_connection(readers, watcher):
    for n in range(5):
        assert (await fetch(readers, "select $1::int", n))[0][0] == n

    assert await watcher.fetchval(BACKENDS) == 1


async def test_many_at_once_share_as_many_as_there_may_be(readers, watcher):
    asked = [fetch(readers, "select $1::int", n) for n in range(50)]

    assert [found[0][0] for found in await asyncio.gather(*asked)] == list(range(50))
    assert await watcher.fetchval(BACKENDS) == 2


async def test_an_error_leaves_the_connection_of_use(readers, watcher):
    with pytest.raises(asyncpg.DivisionByZeroError):
        await fetch(readers, "select 1 / $1::int", 0)

    assert (await fetch(readers, "select 1"))[0][0] == 1
    assert await watcher.fetchval(BACKENDS) == 1


async def test_who_gives_up_stops_the_statement_and_leaves_room(readers, watcher):
    tasks = [asyncio.create_task(fetch(readers, LONG)) for _ in range(3)]
    running = f"{BACKENDS} and state = 'active' and query = '{LONG}'"
    await until(watcher, running, 2)

    for task in tasks:
        task.cancel()
    ended = await asyncio.gather(*tasks, return_exceptions=True)

    assert [type(each) for each in ended] == [asyncio.CancelledError] * 3
    await until(watcher, running, 0)
    asked = [fetch(readers, "select 1") for _ in range(4)]
    assert [found[0][0] for found in await asyncio.gather(*asked)] == [1, 1, 1, 1]


async def test_who_waits_too_long_is_told(make, begin, watcher):
    readers = make(1, patience_s=0)
    long = begin(fetch(readers, LONG))
    await until(watcher, f"{BACKENDS} and state = 'active'", 1)

    with pytest.raises(Busy):
        await fetch(readers, "select 1")

    long.cancel()
    await asyncio.gather(long, return_exceptions=True)
    assert (await fetch(readers, "select 1"))[0][0] == 1


async def test_only_who_has_waited_too_long_is_told(make, begin, clock):
    readers = make(1, clock=clock)
    connection = await readers.take()
    gone, late = begin(readers.take()), begin(readers.take())
    await asyncio.sleep(0)
    clock.now = 10.0
    patient = begin(readers.take())
    await asyncio.sleep(0)

    gone.cancel()
    clock.now = 30.0
    with pytest.raises(Busy):
        await asyncio.wait_for(late, 10)

    assert not patient.done()
    readers.take_back(connection, None)
    assert await patient is connection
    readers.take_back(connection, None)


async def test_nobody_is_refused_what_there_is(make, begin, clock):
    """However long the process itself stood still."""
    readers = make(6, at_once=2, clock=clock)
    await open_all(readers, 6)
    taken = [begin(readers.take()) for _ in range(5)]
    await asyncio.gather(*taken[:2])
    clock.now = 100.0

    for each in await asyncio.wait_for(asyncio.gather(*taken), 10):
        readers.take_back(each, None)


async def test_a_connection_that_the_server_ended_is_replaced(readers, watcher):
    await fetch(readers, "select 1")
    await watcher.fetch(END)
    await until(watcher, BACKENDS, 0)

    # What was on its way when it ended may be told; no later statement meets it again.
    with suppress(asyncpg.PostgresError, asyncpg.InterfaceError, *BROKEN, OSError):
        await fetch(readers, "select 1")
    assert (await fetch(readers, "select 1"))[0][0] == 1
    assert await watcher.fetchval(BACKENDS) == 1


async def test_free_ones_that_were_closed_leave_room(readers):
    # As often as there may be connections, and once more.
    for _ in range(3):
        connection = await readers.take()
        readers.take_back(connection, None)
        connection.terminate()

    assert (await fetch(readers, "select 1"))[0][0] == 1


async def test_a_server_that_is_not_there_is_said():
    async def refused():
        raise ConnectionRefusedError

    readers = Readers(refused, 1, at_once=1, patience_s=30, silence_s=60)

    for _ in range(3):
        with pytest.raises(ConnectionRefusedError):
            await fetch(readers, "select 1")


async def test_who_gives_up_while_it_is_opened_leaves_room(postgres_url, begin):
    may_open = asyncio.Event()

    async def slowly():
        await may_open.wait()
        return await connected(postgres_url)

    readers = Readers(slowly, 1, at_once=1, patience_s=30, silence_s=60)
    opening = begin(readers.take())
    await asyncio.sleep(0)
    opening.cancel()
    await asyncio.gather(opening, return_exceptions=True)
    may_open.set()

    assert (await fetch(readers, "select 1"))[0][0] == 1
    await readers.close()


@pytest.mark.parametrize("is_lost", [False, True])
async def test_a_turn_that_nobody_takes_goes_to_the_next(make, begin, watcher, clock, is_lost):
    readers = make(1, clock=clock)
    connection = await readers.take()
    tasks = [begin(fetch(readers, "select 1")) for _ in range(2)]
    await asyncio.sleep(0)

    # It is the first one's turn, with the connection or to open another, and then he is gone.
    readers.take_back(connection, BROKEN[0]() if is_lost else None)
    tasks[0].cancel()

    ended = await asyncio.gather(*tasks, return_exceptions=True)
    assert type(ended[0]) is asyncio.CancelledError
    assert ended[1][0][0] == 1
    assert (await fetch(readers, "select 1"))[0][0] == 1
    assert connection.is_closed() == is_lost
    assert await watcher.fetchval(BACKENDS) == 1


async def test_what_did_not_answer_in_time_is_asked_nothing_more(readers, watcher):
    connection = await readers.take()
    readers.take_back(connection, TimeoutError())

    assert (await fetch(readers, "select 1"))[0][0] == 1
    await until(watcher, BACKENDS, 1)
    assert connection.is_closed()


async def test_what_is_given_back_after_the_end_is_closed(readers, watcher):
    connection = await readers.take()
    await readers.close()
    readers.take_back(connection, None)

    await until(watcher, BACKENDS, 0)
