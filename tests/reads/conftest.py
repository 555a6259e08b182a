"""Readers of a real PostgreSQL."""

import asyncio
from collections.abc import AsyncIterator, Callable

import asyncpg
import pytest
import pytest_asyncio

from storage.readers import Readers
from tests.reads.connections import Clock, connected


@pytest_asyncio.fixture
async def make(postgres_url: str) -> AsyncIterator[Callable[..., Readers]]:
    """Makes readers of so many connections, all of which may be used at once unless it is said."""
    made = []

    def make(most, at_once=None, patience_s=30, silence_s=60, **given):
        made.append(
            Readers(
                lambda: connected(postgres_url),
                most,
                at_once=at_once or most,
                patience_s=patience_s,
                silence_s=silence_s,
                **given,
            )
        )
        return made[-1]

    yield make
    for each in made:
        await each.close()


@pytest_asyncio.fixture
async def begin() -> AsyncIterator[Callable[..., asyncio.Task]]:
    """Begins tasks, which end with the test."""
    tasks = []

    def begin(work):
        tasks.append(asyncio.create_task(work))
        return tasks[-1]

    yield begin
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


@pytest.fixture
def readers(make: Callable[..., Readers]) -> Readers:
    return make(2)


@pytest_asyncio.fixture
async def watcher(postgres_url: str) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(postgres_url)
    yield connection
    await connection.close()


@pytest.fixture
def clock() -> Clock:
    return Clock()
