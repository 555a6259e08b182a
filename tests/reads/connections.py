"""Connections to a real PostgreSQL, and what to see of them."""

import asyncio

import asyncpg

from storage.reader import Reader

BACKENDS = "select count(*) from pg_stat_activity where application_name = 'readers'"
END = """
    select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'readers'
"""
LONG = "select pg_sleep(60)"


class Clock:
    """Stands still; counts how often it was looked at."""

    def __init__(self) -> None:
        self.now = 0.0
        self.looked = 0

    def __call__(self) -> float:
        self.looked += 1
        return self.now


def connected(url: str):
    settings = {"application_name": "readers", "client_connection_check_interval": "50ms"}
    return asyncpg.connect(url, connection_class=Reader, server_settings=settings)


async def fetch(readers, statement: str, *values: object) -> list[asyncpg.Record]:
    connection = await readers.take()
    try:
        found = await connection.answer(statement, values)
    except BaseException as error:
        readers.take_back(connection, error)
        raise
    readers.take_back(connection, None)
    return found


async def until(watcher, question: str, answer: object) -> None:
    async with asyncio.timeout(60):
        while await watcher.fetchval(question) != answer:  # noqa: ASYNC110 - It is PostgreSQL that changes.
            await asyncio.sleep(0.01)


async def open_all(readers, many):
    """Have so many connections open, and free."""
    for connection in await asyncio.gather(*(readers.take() for _ in range(many))):
        readers.take_back(connection, None)
