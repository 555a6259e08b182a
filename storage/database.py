"""The way to PostgreSQL: connections to read, transactions to write, rows to values."""

import asyncio
import random
import typing
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from contextvars import ContextVar
from typing import Any, Final, NewType, TypeAlias, TypeVar

import asyncpg
from asyncpg import Connection, Record
from sqlalchemy import ColumnElement, Executable, FromClause, event, make_url
from sqlalchemy.engine import AdaptedConnection, ExceptionContext
from sqlalchemy.exc import InvalidatePoolError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.sql import Select

from storage.absences import Absences
from storage.losses import BROKEN
from storage.reached import Collided, Lost, Reading, reached
from storage.reader import Reader
from storage.readers import Readers

Row = TypeVar("Row")
Answer = TypeVar("Answer")

# A connection inside a transaction. What takes it, writes; the caller commits.
Writing = NewType("Writing", AsyncConnection)

CONNECT_TIMEOUT_S = 2
POOL_TIMEOUT_S = 1
COMMAND_TIMEOUT_S = 10
# How long taking leave of a connection may last: one that is silent must not keep us.
LEAVE_S: Final = 0.1
# How long at most to step aside before what collided is begun anew; then it is given up.
PAUSES_S: Final = (0.01, 0.03, 0.1, 0.3)
# How often at most what was lost with a connection is read again.
REREADS: Final = 3
# What a read may be sent over: a connection for reads, or the one of a transaction.
Way: TypeAlias = "AsyncConnection | Connection[Record]"


class StatementCount:
    """How many SQL statements ran since it was put in place."""

    def __init__(self) -> None:
        self.total = 0


statements: ContextVar[StatementCount | None] = ContextVar("statements", default=None)


class Database:
    """One pool of connections, for the life of a process."""

    def __init__(
        self,
        url: str,
        *,
        pool_size: int = 10,
        reads_at_once: int = 4,
        application_name: str = "picshare",
        command_timeout_s: float = COMMAND_TIMEOUT_S,
    ) -> None:
        options = _options(application_name, command_timeout_s)
        self._engine = _engine(url, pool_size, options)
        # Reads need no BEGIN and no ROLLBACK round trips.
        self._reading = self._engine.execution_options(isolation_level="AUTOCOMMIT")
        self._readers = Readers(
            lambda: asyncpg.connect(url, connection_class=Reader, **_for_readers(options)),
            pool_size,
            at_once=reads_at_once,
            patience_s=POOL_TIMEOUT_S,
            silence_s=command_timeout_s,
        )
        self._absences = Absences(lambda: _looked(url, options))
        event.listen(self._engine.sync_engine, "checkout", _require_open)
        event.listen(self._engine.sync_engine, "before_cursor_execute", _count)
        event.listen(self._engine.sync_engine, "handle_error", _doubt)
        event.listen(self._engine.sync_engine, "invalidate", _part)

    @asynccontextmanager
    async def connect(self) -> AsyncIterator[AsyncConnection]:
        """A connection to read with; hold it for one batch, not for a request."""
        async with reached(), self._reading.connect() as connection:
            yield connection

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[Writing]:
        """A transaction: committed at the end, rolled back by an exception."""
        async with reached(), self._engine.begin() as connection:
            yield Writing(connection)

    def reading(self) -> AbstractAsyncContextManager[Way]:
        """A connection for hot reads; hold it for one batch, not for a request."""
        return Reading(self._readers)

    async def reread(self, read: Callable[[], Awaitable[Answer]]) -> Answer:
        """What *read* answers, asked again when it lost its connection; it changes nothing.

        While the database is away for a moment it is waited for.
        """
        for _ in range(REREADS):
            try:
                answer = await read()
            except Lost:
                if not await self._absences.is_over():
                    raise
            else:
                self.seen()
                return answer
        return await read()

    def seen(self) -> None:
        """It has answered: if it goes away, that may be for a moment only."""
        self._absences.seen()

    async def close(self) -> None:
        """Close every connection of the pool."""
        await self._absences.close()
        await self._readers.close()
        await self._engine.dispose()


async def repeated(work: Callable[[], Awaitable[Answer]]) -> Answer:
    """What *work* answers, begun anew when a transaction of it collided with another one.

    Anything else that *work* does besides its transactions must bear to be done again.
    """
    for longest_s in PAUSES_S:
        try:
            return await work()
        except Collided:
            # Spread, so that those who met do not meet again.
            await asyncio.sleep(random.uniform(0, longest_s))  # noqa: S311 - No secret.
    return await work()


def _engine(url: str, pool_size: int, options: dict[str, Any]) -> AsyncEngine:
    return create_async_engine(
        make_url(url).set(drivername="postgresql+asyncpg"),
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=POOL_TIMEOUT_S,
        pool_pre_ping=False,
        # What is bound to a statement (hashes, addresses) has no place in an error or a log.
        hide_parameters=True,
        connect_args=options,
    )


async def _looked(url: str, options: dict[str, Any]) -> None:
    connection = await asyncpg.connect(url, **options)
    await connection.close(timeout=LEAVE_S)


def _options(application_name: str, command_timeout_s: float) -> dict[str, Any]:
    return {
        "timeout": CONNECT_TIMEOUT_S,
        "command_timeout": command_timeout_s,
        "server_settings": {
            "application_name": application_name,
            "timezone": "UTC",
            "jit": "off",
            "idle_in_transaction_session_timeout": "10s",
            # Whose client has gone, or was cut short, does not go on by itself.
            "client_connection_check_interval": "500ms",
        },
    }


def _for_readers(options: dict[str, Any]) -> dict[str, Any]:
    """For hot reads: one plan for all values. Every one of them goes by the same indexes whatever
    is asked, and to plan it costs PostgreSQL up to four times as much as to execute it.

    That they take too long is noticed for all of them together. However long they are, they are
    prepared once: those of a feed with all its edges have 15,000 characters.
    """
    settings = options["server_settings"] | {"plan_cache_mode": "force_generic_plan"}
    own = {"command_timeout": None, "max_cacheable_statement_size": 0, "server_settings": settings}
    return options | own


def _require_open(connection: AdaptedConnection, *_checkout: object) -> None:
    """Have the pool open others in the place of those that ended while nobody used them."""
    if connection.driver_connection.is_closed():
        raise InvalidatePoolError("PostgreSQL has ended the connection")


def _doubt(context: ExceptionContext) -> None:
    """A connection that did not answer in time is asked nothing more, not even to roll back.

    Nor is one that PostgreSQL has taken its leave of, before it is closed.
    """
    if isinstance(context.original_exception, TimeoutError):
        context.is_disconnect = True
        context.invalidate_pool_on_disconnect = False
    elif isinstance(context.original_exception.__cause__, BROKEN):
        context.is_disconnect = True


def _part(connection: AdaptedConnection, _record: object, _error: object) -> None:
    """Have the server end what a connection has begun, without waiting for a silent one."""
    connection.run_async(_left)


async def _left(connection: "Connection[Record]") -> None:
    try:
        await connection.close(timeout=LEAVE_S)
    except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError, *BROKEN):
        connection.terminate()


def _count(*_event: object) -> None:
    counter = statements.get()
    if counter is not None:
        counter.total += 1


def columns(table: FromClause, row: type[Any]) -> list[ColumnElement[Any]]:
    """The columns of *table* that *row* has fields for, in the order of the fields."""
    return [table.c[name] for name in typing.get_type_hints(row)]


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
