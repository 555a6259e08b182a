"""How loaders are made: for one viewer and one operation, over a connection for each batch."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Generic, Protocol, TypeVar, cast

from sqlalchemy.ext.asyncio import AsyncConnection

from resolvers.batches import Loader
from storage.along import Along
from storage.database import Database, Way
from storage.known import Known
from storage.rows import Page, PageRequest, UserId
from storage.visibility import hides_anybody

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
HotRead = Callable[[Way, Sequence[Key]], Awaitable[Mapping[Key, Value]]]
Hidden = Callable[[list[Key]], Awaitable[list[int]]]
ReadHidden = Callable[[Way, UserId | None, Sequence[Key]], Awaitable[Mapping[Key, int]]]


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
        self._database = database
        self._viewer = viewer
        self.along = along or Along()
        """What reads bring along; the loaders of the same names know it."""
        self._pages: dict[tuple[object, PageRequest], Loader[Any, Any]] = {}

    def end(self) -> None:
        """Let go of everything; whoever asked has an answer.

        They refer to each other, so all that they read would wait for the collector.
        """
        vars(self).clear()

    def _judged(self, read: ReadJudged[Key, Value]) -> Loader[Key, Value]:
        async def of_viewer(
            connection: AsyncConnection, ids: "Sequence[Key]"
        ) -> "Mapping[Key, Value]":
            return await read(connection, ids, self._viewer) if self._viewer else {}

        return self._of(of_viewer)

    def _paged(self, read: ReadPages[Key, Row], request: PageRequest) -> Pages[Key, Row]:
        return self._kept(
            (read, request),
            lambda: self._hot(lambda way, ids: read(way, ids, request, self._viewer)),
        )

    def _paged_along(
        self, read: ReadPagesAlong[Key, Row], request: PageRequest, known_as: str
    ) -> Pages[Key, Row]:
        known = known_as if self.along.pages.get(known_as) == request else None
        return self._kept(
            (read, request),
            lambda: self._hot(
                lambda way, ids: read(way, ids, request, self._viewer, self.along), known
            ),
        )

    def _kept(
        self, asked: tuple[object, PageRequest], make: Callable[[], Loader[Key, Page[Row]]]
    ) -> Pages[Key, Row]:
        known = self._pages.get(asked)
        if known is None:
            known = self._pages[asked] = make()
        return cast("Pages[Key, Row]", known)

    def _hidden(self, read: ReadHidden[Key], known_as: str) -> Hidden[Key]:
        """How much is hidden from the viewer; where nobody is, nothing more is asked."""
        batched = self._hot(lambda way, ids: read(way, self._viewer, ids), known_as)

        async def hidden(ids: "list[Key]") -> "list[int]":
            if not any(await self._hiding.many([None])):
                return [0] * len(ids)
            return [less or 0 for less in await batched.many(ids)]

        return hidden

    @once
    def _hiding(self) -> Loader[None, bool]:
        return self._hot(self._hides, "hiding")

    async def _hides(self, way: Way, _: Sequence[None]) -> dict[None, bool]:
        return {None: await hides_anybody(way, self._viewer)}

    def _of(self, read: Read[Key, Value], known_as: str | None = None) -> Loader[Key, Value]:
        async def find(keys: "Sequence[Key]") -> "Mapping[Key, Value]":
            async with self._database.connect() as connection:
                return await read(connection, keys)

        return Loader(find, self._known(known_as))

    def _hot(self, read: HotRead[Key, Value], known_as: str | None = None) -> Loader[Key, Value]:
        async def find(keys: "Sequence[Key]") -> "Mapping[Key, Value]":
            async with self._database.reading() as way:
                return await read(way, keys)

        return Loader(find, self._known(known_as))

    def _known(self, known_as: str | None) -> Known[Any, Any] | None:
        return self.along.known[known_as] if known_as else None
