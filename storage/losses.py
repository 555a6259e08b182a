"""What a connection to PostgreSQL is known to be lost by, or the server to be at its limits."""

from typing import Final

import asyncpg
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError, PendingRollbackError

# What only a connection raises that is of no more use. The last is what asyncpg says of one that
# PostgreSQL has taken its leave of.
BROKEN: Final = (
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.PostgresConnectionError,
    asyncpg.InternalClientError,
)
# What a connection that is no more is noticed by. PendingRollbackError is what the others hear who
# share the transaction of somebody who noticed.
LOST: Final = (
    InterfaceError,
    OperationalError,
    PendingRollbackError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
)


def is_loss(error: Exception) -> bool:
    """Whether the connection is no more, or the server is just ending or starting."""
    state = sqlstate(error)
    if state.startswith(("08", "57P")):
        return True
    is_invalidated = isinstance(error, DBAPIError) and error.connection_invalidated
    return is_invalidated or (isinstance(error, LOST) and not state)


def is_overload(error: Exception) -> bool:
    """Whether the server refuses for now: it lacks something, or was told to cancel."""
    return isinstance(error, LOST) or sqlstate(error)[:2] in {"53", "57"}


def sqlstate(error: Exception) -> str:
    """PostgreSQL's name of the error; empty when it is not one of its own."""
    original = error.orig if isinstance(error, DBAPIError) else error
    return str(getattr(original, "sqlstate", None) or "")
