"""Connections that PostgreSQL does not answer, and what is asked past asyncpg's upper layers."""

import asyncio

import asyncpg
import pytest

from tests.reads.connections import BACKENDS, LONG, connected, fetch, until

SILENCE_S = 0.4
SHORT = "select pg_sleep(0.3)"


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


async def test_who_gets_no_answer_is_told_and_others_go_on(make, begin, watcher):
    readers = make(2, silence_s=SILENCE_S)
    silent = begin(fetch(readers, LONG))
    await until(watcher, f"{BACKENDS} and state = 'active'", 1)

    while not silent.done():
        assert (await fetch(readers, "select 1"))[0][0] == 1
        await asyncio.sleep(0.01)

    with pytest.raises(TimeoutError):
        await silent
    # PostgreSQL hears of it when it next looks for its client.
    await until(watcher, BACKENDS, 1)
    found = await asyncio.gather(*(fetch(readers, "select 2") for _ in range(4)))
    assert [rows[0][0] for rows in found] == [2] * 4


async def test_what_is_answered_in_time_is_not_cut_off(make, begin):
    """However long a connection is lent out again and again, and after a pause as well."""
    readers = make(1, silence_s=SILENCE_S)
    for pause_s in (0, 0, 2 * SILENCE_S):
        await asyncio.sleep(pause_s)
        await fetch(readers, SHORT)

    silent = begin(fetch(readers, LONG))
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(asyncio.shield(silent), 60)


async def test_who_did_not_run_itself_cuts_nobody_off_at_once(make, clock):
    """What has come meanwhile is read first."""
    readers = make(1, silence_s=SILENCE_S, clock=clock)
    connection = await readers.take()
    clock.now = 1_000.0
    readers._look_for_silent()

    assert not connection.is_closed()
    clock.now += SILENCE_S
    readers._look_for_silent()
    assert connection.is_closed()
    readers.take_back(connection, TimeoutError())


async def test_it_is_looked_in_every_loop(make):
    """The first one ended before the next look."""
    readers = make(1, silence_s=SILENCE_S)

    async def ask():
        await fetch(readers, "select 1")
        await readers.close()

    await asyncio.to_thread(asyncio.run, ask())
    readers._most = 1
    await asyncio.sleep(SILENCE_S)

    with pytest.raises(TimeoutError):
        await asyncio.wait_for(fetch(readers, LONG), 60)
