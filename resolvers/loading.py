"""How loaders are made: for one viewer and one operation, over a connection for each batch."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from typing import Any, Generic, Protocol, TypeAlias, TypeVar, cast

from sqlalchemy.ext.asyncio import AsyncConnection

from resolvers.batches import Loader
from storage.along import Along
from storage.database import Database, Way
from storage.edges import Edge
from storage.rows import Page, PageRequest, UserId
from storage.visibility import hidden, hides_anybody

Row = TypeVar("Row")
Key = TypeVar("Key")
Value = TypeVar("Value")
Read = Callable[[AsyncConnection, Sequence[Key]], Awaitable[Mapping[Key, Value]]]
ReadPages = Callable[
    [Way, Sequence[Key], PageRequest, UserId | None],
    Awaitable[Mapping[Key, Page[Row]]],
]
ReadJudged = Callable[[AsyncConnection, Sequence[Key], UserId], Awaitable[Mapping[Key, Value]]]
ReadPagesAlong = Callable[
    [Way, Sequence[Key], PageRequest, UserId | None, Along], Awaitable[Mapping[Key, Page[Row]]]
]
# Is told of the loaders as well, as a method of theirs would be.
ReadHot: TypeAlias = Callable[[Any, Way, Sequence[Key]], Awaitable[Mapping[Key, Value]]]


class once(Generic[Value]):  # noqa: N801 - It is written as a decorator.
    """A property that is made when it is first asked for.

    `functools.cached_property` takes a lock for that until Python 3.12, each time.
    """

    def __init__(self, make: Callable[[Any], Value]) -> None:
        self._make = make

    def __set_name__(self, _owner: type, name: str) -> None:
        self._name = name

    def __get__(self, instance: Any, _owner: type) -> Value:
        """Make it; from then on it lies in the instance."""
        made = instance.__dict__[self._name] = self._make(instance)
        return made


def hot(read: ReadHot[Key, Value]) -> once[Loader[Key, Value]]:
    """Make a method that reads the loader over it."""
    return once(lambda loading: loading.loader(read))


class Pages(Protocol[Key, Row]):
    """Pages of one size and place, each of what its key stands for."""

    async def many(self, keys: list[Key]) -> list[Page[Row]]:
        """The pages; an empty one where there is nothing."""
        ...


class Loading:
    """Makes loaders; functions that are made for each have quoted annotations, which would be
    evaluated each time.
    """

    def __init__(
        self, database: Database, viewer: UserId | None, along: Along | None = None
    ) -> None:
        self.database = database
        self.viewer = viewer
        self.along = along or Along()
        """What reads bring along."""
        self._pages: dict[tuple[object, PageRequest], Loader[Any, Any]] = {}

    def end(self) -> None:
        """Let go of everything; whoever asked has an answer.

        They refer to each other, so all that they read would wait for the collector.
        """
        vars(self).clear()

    def loader(self, read: ReadHot[Key, Value]) -> Loader[Key, Value]:
        """A loader over a hot read."""
        return Loader(partial(_found, self, read))

    @hot
    async def hiding(self, way: Way, _: Sequence[None]) -> Mapping[None, bool]:
        """Whether anybody is hidden from the viewer."""
        return {None: await hides_anybody(way, self.viewer)}

    def _judged(self, read: ReadJudged[Key, Value]) -> Loader[Key, Value]:
        async def of_viewer(
            connection: AsyncConnection, ids: "Sequence[Key]"
        ) -> "Mapping[Key, Value]":
            return await read(connection, ids, self.viewer) if self.viewer else {}

        return self._of(of_viewer)

    def _of(self, read: Read[Key, Value]) -> Loader[Key, Value]:
        async def find(keys: "Sequence[Key]") -> "Mapping[Key, Value]":
            async with self.database.connect() as connection:
                return await read(connection, keys)

        return Loader(find)

    def _paged(self, read: ReadPages[Key, Row], request: PageRequest) -> Pages[Key, Row]:
        return self._kept(read, request, lambda own, way, ids: read(way, ids, request, own.viewer))

    def _paged_along(self, read: ReadPagesAlong[Key, Row], request: PageRequest) -> Pages[Key, Row]:
        return self._kept(
            read, request, lambda own, way, ids: read(way, ids, request, own.viewer, own.along)
        )

    def _kept(
        self, of: object, request: PageRequest, read: ReadHot[Key, Page[Row]]
    ) -> Pages[Key, Row]:
        known = self._pages.get((of, request))
        if known is None:
            known = self._pages[of, request] = self.loader(read)
        return cast("Pages[Key, Row]", known)


class HiddenCounts(Generic[Key]):
    """How much is hidden from the viewer of each; where nobody is, nothing more is asked."""

    __slots__ = ("_counts", "_edge", "_loading")

    def __init__(self, loading: Loading, edge: Edge) -> None:
        self._loading = loading
        self._edge = edge
        self._counts: Loader[Key, int | None] | None = None

    async def many(self, keys: list[Key]) -> list[int]:
        """How much, of each."""
        loading, along = self._loading, self._loading.along
        if along.hides is None:
            along.hides = any(await loading.hiding.many([None]))
        if not along.hides:
            return [0] * len(keys)
        if self._counts is None:
            # It does not refer to this, which refers to it.
            edge = self._edge
            self._counts = loading.loader(
                lambda own, way, keys: hidden(way, edge, own.viewer, keys)
            )
        return [less or 0 for less in await self._counts.many(keys)]


async def _found(
    loading: Loading, read: ReadHot[Key, Value], keys: Sequence[Key]
) -> Mapping[Key, Value]:
    async with loading.database.reading() as way:
        return await read(loading, way, keys)
