"""The way to PostgreSQL: connections to read, transactions to write, rows to values."""

import dataclasses
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from contextvars import ContextVar
from typing import Any, NewType, TypeVar

from sqlalchemy import ColumnElement, Executable, FromClause, event, make_url
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.sql import Select

Row = TypeVar("Row")

# A connection inside a transaction. What takes it, writes; the caller commits.
Writing = NewType("Writing", AsyncConnection)

CONNECT_TIMEOUT_S = 5
POOL_TIMEOUT_S = 1
COMMAND_TIMEOUT_S = 10


class Unavailable(Exception):
    """The database cannot be reached, or has no connection left for now."""


class StatementCount:
    """How many SQL statements ran since it was put in place."""

    def __init__(self) -> None:
        self.total = 0


statements: ContextVar[StatementCount | None] = ContextVar("statements", default=None)


class Database:
    """One pool of connections, for the life of a process."""

    def __init__(
        self, url: str, *, pool_size: int = 10, application_name: str = "picshare"
    ) -> None:
        self._engine = _engine(url, pool_size, application_name)
        # Reads need no BEGIN and no ROLLBACK round trips.
        self._reading = self._engine.execution_options(isolation_level="AUTOCOMMIT")
        event.listen(self._engine.sync_engine, "before_cursor_execute", _count)

    @asynccontextmanager
    async def connect(self) -> AsyncIterator[AsyncConnection]:
        """A connection to read with; hold it for one batch, not for a request."""
        async with _reached(), self._reading.connect() as connection:
            yield connection

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[Writing]:
        """A transaction: committed at the end, rolled back by an exception."""
        async with _reached(), self._engine.begin() as connection:
            yield Writing(connection)

    async def close(self) -> None:
        """Close every connection of the pool."""
        await self._engine.dispose()


def _engine(url: str, pool_size: int, application_name: str) -> AsyncEngine:
    return create_async_engine(
        make_url(url).set(drivername="postgresql+asyncpg"),
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=POOL_TIMEOUT_S,
        pool_pre_ping=False,
        # What is bound to a statement (hashes, addresses) has no place in an error or a log.
        hide_parameters=True,
        connect_args={
            "timeout": CONNECT_TIMEOUT_S,
            "command_timeout": COMMAND_TIMEOUT_S,
            "server_settings": {
                "application_name": application_name,
                "timezone": "UTC",
                "jit": "off",
                "idle_in_transaction_session_timeout": "10s",
            },
        },
    )


@asynccontextmanager
async def _reached() -> AsyncIterator[None]:
    try:
        yield
    except PoolTimeout as error:
        raise Unavailable("every database connection is busy") from error
    except (OSError, TimeoutError) as error:
        raise Unavailable("the database cannot be reached") from error
    except (InterfaceError, OperationalError) as error:
        raise Unavailable("the database connection was lost") from error
    except DBAPIError as error:
        if error.connection_invalidated or _is_overload(error):
            raise Unavailable("the database connection was lost") from error
        raise


def _is_overload(error: DBAPIError) -> bool:
    """Whether the server refuses for now: connection, resources, or shutting down."""
    return str(getattr(error.orig, "sqlstate", None) or "")[:2] in {"08", "53", "57"}


def _count(*_event: object) -> None:
    counter = statements.get()
    if counter is not None:
        counter.total += 1


def columns(table: FromClause, row: type[Any]) -> list[ColumnElement[Any]]:
    """The columns of *table* that *row* has fields for, in the order of the fields."""
    return [table.c[field.name] for field in dataclasses.fields(row)]


async def fetch(connection: AsyncConnection, statement: Executable, row: type[Row]) -> list[Row]:
    """Every row of the answer as a *row*; the columns come in the order of its fields."""
    return [row(*values) for values in await connection.execute(statement)]


async def fetch_one(
    connection: AsyncConnection, statement: Executable, row: type[Row]
) -> Row | None:
    """The first row of the answer, None when there is none."""
    found = await fetch(connection, statement, row)
    return found[0] if found else None


async def values(
    connection: AsyncConnection, statement: Select[tuple[Any]] | Executable
) -> Sequence[Any]:
    """The first column of the answer."""
    return (await connection.execute(statement)).scalars().all()
