"""Connections that PostgreSQL does not answer, and what is asked past asyncpg's upper layers."""

import asyncio

import asyncpg
import pytest

from storage import reads
from storage.reached import Unavailable
from storage.reader import Reader
from storage.readers import LOOKS
from tests.reads.connections import BACKENDS, LONG, connected, fetch, until
from tests.reads.test_writes import one_connection

SILENCE_S = 0.4
SHORT = "select pg_sleep(0.3)"


@pytest.fixture(autouse=True)
async def gone(watcher):
    """Leaves no backend to other tests: PostgreSQL looks for its clients from time to time."""
    yield
    await until(watcher, BACKENDS, 0)


@pytest.fixture
async def both(postgres_url):
    """Two ways to ask over connections of the same kind."""
    one, other = await connected(postgres_url), await connected(postgres_url)
    yield one.answer, lambda text, values: other.fetch(text, *values)
    for connection in (one, other):
        await connection.close()


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("select $1::int, $2::text, null", (7, "sieben")),
        ("select $1::uuid[], now() > $2", [[], None]),
        ("select generate_series(1, $1::int)", [3]),
        ("select generate_series(1, 0)", ()),
    ],
)
async def test_an_answer_is_what_fetch_answers(both, text, values):
    answered, fetched = [[await ask(text, values) for _ in range(2)] for ask in both]

    assert answered == fetched
    assert [type(each) for each in answered[0]] == [asyncpg.Record] * len(answered[0])


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("select 1 / $1::int", (0,)),
        ("select nothing from nowhere", ()),
        ("select $1::int", ("seven",)),
        ("select $1::int", ()),
    ],
)
async def test_an_error_is_that_of_fetch_and_the_connection_goes_on(both, text, values):
    errors = []
    for ask in both:
        with pytest.raises((asyncpg.PostgresError, asyncpg.InterfaceError)) as raised:
            await ask(text, values)
        errors.append((type(raised.value), str(raised.value)))
        assert (await ask("select 1", ()))[0][0] == 1

    assert errors[0] == errors[1]


async def test_what_was_prepared_is_prepared_anew_when_a_table_changes(both, watcher):
    answer, _ = both
    await watcher.execute("create table changing (a int); insert into changing values (1)")
    try:
        assert [tuple(row) for row in await answer("select * from changing", ())] == [(1,)]
        await watcher.execute("alter table changing add b text default 'new'")
        for _ in range(2):
            assert [tuple(row) for row in await answer("select * from changing", ())] == [
                (1, "new")
            ]
    finally:
        await watcher.execute("drop table changing")


async def test_an_ended_connection_says_so_as_fetch_does(postgres_url):
    connection = await connected(postgres_url)
    connection.terminate()

    for ask in (connection.answer("select 1", ()), connection.fetch("select 1")):
        with pytest.raises(asyncpg.InterfaceError):
            await ask


async def test_who_gets_no_answer_is_told_and_others_go_on(make, begin, watcher):
    readers = make(2, silence_s=SILENCE_S)
    silent = begin(fetch(readers, LONG))
    await until(watcher, f"{BACKENDS} and state = 'active'", 1)

    while not silent.done():
        assert (await fetch(readers, "select 1"))[0][0] == 1

    with pytest.raises(TimeoutError):
        await silent
    # PostgreSQL hears of it when it next looks for its client.
    await until(watcher, BACKENDS, 1)
    found = await asyncio.gather(*(fetch(readers, "select 2") for _ in range(4)))
    assert [rows[0][0] for rows in found] == [2] * 4


async def test_who_asks_again_and_again_is_not_cut_off(make):
    """However long a connection is lent out: each answer is in time."""
    readers = make(1, silence_s=SILENCE_S)
    connection = await readers.take()
    for _ in range(4):
        await connection.answer(SHORT, ())
    with pytest.raises(TimeoutError):
        await connection.answer(LONG, ())
    readers.take_back(connection, TimeoutError())


async def test_who_asks_nothing_is_not_cut_off(make):
    readers = make(1, silence_s=SILENCE_S)
    connection = await readers.take()
    for _ in range(3 * LOOKS):
        readers._look_for_silent()

    assert (await connection.answer("select 1", ()))[0][0] == 1
    readers.take_back(connection, None)


async def test_it_is_cut_off_at_the_look_after_the_last_it_may_pass(make, begin):
    """Looks are counted: that this process did not run for a while is one of them."""
    readers = make(1)
    connection = await readers.take()
    silent = begin(connection.answer(LONG, ()))
    await asyncio.sleep(0)
    for _ in range(LOOKS):
        readers._look_for_silent()
        assert not connection.is_closed()
    readers._look_for_silent()

    assert connection.is_closed()
    with pytest.raises(TimeoutError):
        await silent
    readers.take_back(connection, TimeoutError())


async def test_it_is_looked_in_every_loop(make, clock):
    """The first one ended before its timer rang."""
    readers = make(1, silence_s=SILENCE_S, clock=clock)

    async def ask():
        await fetch(readers, "select 1")
        await readers.close()

    await asyncio.to_thread(asyncio.run, ask())
    readers._most = 1
    clock.now = SILENCE_S

    with pytest.raises(TimeoutError):
        await asyncio.wait_for(fetch(readers, LONG), 60)


async def test_hot_reads_are_looked_after_so_and_have_no_timers_of_their_own(settings):
    async with one_connection(settings, command_timeout_s=0.5) as database:
        async with database.reading() as way:
            assert type(way) is Reader
            assert way._config.command_timeout is None
        with pytest.raises(Unavailable, match="does not answer"):
            async with asyncio.timeout(60), database.reading() as way:
                await reads.rows(way, reads.Read(LONG, (), reads.first))
