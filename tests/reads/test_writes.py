"""Statements sent by asyncpg itself are parts of the transaction they are sent in."""

import asyncio
from contextlib import asynccontextmanager

import pytest
from sqlalchemy import make_url

from storage import reads, writes
from storage.database import Database
from storage.reached import Unavailable
from storage.reads import Read, first

DEADLINE_S = 30
ADD = Read("insert into words values ($1) returning word", ("word",), first)
ALL = Read("select word from words order by word", (), first)
PID = Read("select pg_backend_pid()", (), first)
SLEEP = Read("select pg_sleep(600)", (), first)


class Undo(Exception):
    pass


@asynccontextmanager
async def one_connection(settings, **options):
    url = make_url(settings.database_url.get_secret_value())
    opened = Database(url.render_as_string(hide_password=False), pool_size=1, **options)
    try:
        async with opened.begin() as tx:
            await tx.exec_driver_sql("create temporary table words (word text)")
        yield opened
    finally:
        await opened.close()


@asynccontextmanager
async def part_of(tx):
    async with tx.begin_nested():
        yield tx


async def add_and_undo(begun):
    async with begun as tx:
        assert await writes.rows(tx, ADD, word="lost") == ["lost"]
        raise Undo


async def test_what_is_sent_first_is_undone_with_the_rest(settings):
    async with one_connection(settings) as database:
        with pytest.raises(Undo):
            await add_and_undo(database.begin())

        async with database.begin() as tx:
            assert await writes.rows(tx, ADD, word="kept") == ["kept"]
        async with database.begin() as tx:
            assert await writes.rows(tx, ALL) == ["kept"]


async def test_a_part_of_a_transaction_is_undone_alone(settings):
    async with one_connection(settings) as database, database.begin() as tx:
        await writes.rows(tx, ADD, word="first")
        with pytest.raises(Undo):
            await add_and_undo(part_of(tx))

        assert await writes.rows(tx, ALL) == ["first"]


@pytest.mark.parametrize(
    ("opened", "rows"), [(Database.connect, reads.rows), (Database.begin, writes.rows)]
)
async def test_a_silent_connection_is_asked_nothing_more(settings, opened, rows):
    async with one_connection(settings, command_timeout_s=0.5) as database:
        async with opened(database) as way:
            [silent] = await rows(way, PID)
        with pytest.raises(Unavailable):
            async with asyncio.timeout(DEADLINE_S), opened(database) as way:
                await rows(way, SLEEP)

        async with opened(database) as way:
            assert await rows(way, PID) != [silent]
