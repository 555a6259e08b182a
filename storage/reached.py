"""The way to PostgreSQL as it can break: what is said of it, and who is at it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from contextvars import ContextVar
from typing import Any, Final, TypeAlias

import asyncpg
from asyncpg import Connection, Record
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from storage.losses import LOST, is_loss, is_overload, sqlstate
from storage.readers import Busy, Readers

# What PostgreSQL calls a serialization failure and a deadlock.
COLLISIONS: Final = frozenset({"40001", "40P01"})


class Unavailable(Exception):
    """The database cannot be reached, or has no connection left for now."""


class Lost(Unavailable):
    """The connection broke, or there is none to be had: what was read over it may be read again."""


class Collided(Unavailable):
    """Transactions stood in each other's way: this one was given up, and nothing of it remains."""


# The tasks that are at the database for the work that put the set in place, and may end them.
readers: ContextVar[set[asyncio.Task[Any]] | None] = ContextVar("readers", default=None)


@asynccontextmanager
async def reached() -> AsyncIterator[None]:
    """What the way to the server breaks by is Unavailable in here."""
    listed = _list()
    try:
        yield
    except Exception as error:
        told = _told(error)
        if told is None:
            raise
        raise told from error
    finally:
        _strike(listed)


class Reading:
    """`reached`, and a connection for hot reads: written out, because every request needs it."""

    __slots__ = ("_connection", "_listed", "_readers")

    def __init__(self, readers: Readers) -> None:
        self._readers = readers

    async def __aenter__(self) -> "Connection[Record]":
        self._listed = _list()
        try:
            self._connection = await self._readers.take()
        except BaseException as error:
            self._end(error)
            raise
        return self._connection

    async def __aexit__(self, _kind: object, error: BaseException | None, _at: object) -> None:
        self._readers.take_back(self._connection, error)
        self._end(error)

    def _end(self, error: BaseException | None) -> None:
        _strike(self._listed)
        told = _told(error) if isinstance(error, Exception) else None
        if told is not None:
            raise told from error


def _told(error: Exception) -> Unavailable | None:
    """What is said instead of an error of the way to the server; None for any other."""
    if isinstance(error, PoolTimeout | Busy):
        return Unavailable("every database connection is busy")
    if isinstance(error, TimeoutError):
        return Unavailable("the database does not answer")
    if isinstance(error, OSError):
        return Lost("the database cannot be reached")
    if not isinstance(error, (DBAPIError, asyncpg.PostgresError, *LOST)):
        return None
    return _told_by_server(error)


def _told_by_server(error: Exception) -> Unavailable | None:
    if sqlstate(error) in COLLISIONS:
        return Collided("others were changing the same; try again")
    if is_loss(error):
        return Lost("the database connection was lost")
    if is_overload(error):
        return Unavailable("the database has no room for this at the moment")
    return None


# Who is at the database for some work: the set, and the task in it.
Listed: TypeAlias = tuple[set[asyncio.Task[Any]], asyncio.Task[Any]] | None


def _list() -> Listed:
    tasks = readers.get()
    task = None if tasks is None else asyncio.current_task()
    if tasks is None or task is None or task in tasks:
        return None
    tasks.add(task)
    return tasks, task


def _strike(listed: Listed) -> None:
    if listed is not None:
        tasks, task = listed
        tasks.discard(task)
