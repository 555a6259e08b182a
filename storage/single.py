"""All that one request writes, as one transaction."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from types import TracebackType
from typing import Self

from sqlalchemy.ext.asyncio import AsyncConnection

from storage.database import Database, Way, Writing
from storage.reached import reached


class _GivenUp(Exception):
    pass


class OneTransaction(Database):
    """A database whose transactions are parts of a single one, which the first of them begins.

    Reads go their own ways until then. From then on everything takes its turn on the one
    connection and sees what was written. Nothing remains of it unless `commit` was called.
    """

    def __init__(self, database: Database, begun: Callable[[Writing], Awaitable[None]]) -> None:
        self._database = database
        self._begun = begun
        self._turn = asyncio.Lock()
        self._tx: Writing | None = None
        self._whole: AbstractAsyncContextManager[Writing] | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _traceback: TracebackType | None,
    ) -> None:
        whole, self._whole, self._tx = self._whole, None, None
        if whole is not None:
            with suppress(_GivenUp):
                await whole.__aexit__(_GivenUp, _GivenUp(), None)

    @asynccontextmanager
    async def connect(self) -> AsyncIterator[AsyncConnection]:
        """A connection to read with."""
        if self._whole is None:
            async with self._database.connect() as connection:
                yield connection
            return
        async with self._turn, reached():
            yield self._begun_already()

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[Way]:
        """A connection for hot reads."""
        async with self._database.reading() if self._whole is None else self.connect() as way:
            yield way

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[Writing]:
        """A part: what it wrote is undone by an exception, and the other parts are not."""
        async with self._turn:
            if self._whole is None:
                await self._open()
            tx = self._begun_already()
            async with reached(), tx.begin_nested():
                yield tx

    async def commit(self) -> None:
        """Have all parts remain; nothing is to follow."""
        whole, self._whole, self._tx = self._whole, None, None
        if whole is not None:
            await whole.__aexit__(None, None, None)

    async def _open(self) -> None:
        whole = self._database.begin()
        tx = await whole.__aenter__()
        self._whole, self._tx = whole, tx
        async with reached():
            await self._begun(tx)

    def _begun_already(self) -> Writing:
        if self._tx is None:
            raise RuntimeError("the transaction is over")
        return self._tx
