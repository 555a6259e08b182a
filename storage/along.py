"""What a read brings along for each of its entries, so that nobody has to ask for it later.

A statement costs the process more than a few more values do. An edge says once, in SQL, what
belongs to one key; any statement whose entries have such a key can bring it along. All comes as
one JSON text, which is decoded to rows at once: a value of a driver's costs several times as much.
"""

import typing
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from operator import attrgetter
from typing import Any, Generic, TypeAlias, TypeVar

import msgspec
from sqlalchemy import ColumnElement, Select, Text, cast, func, select
from sqlalchemy.dialects.postgresql import aggregate_order_by

from storage.database import Way
from storage.reads import VIEWER, Read, first, rows

Row = TypeVar("Row")
Key: TypeAlias = Callable[[Any], Any]


@dataclass(frozen=True, slots=True, eq=False)
class Edge:
    """What belongs to a key: at most one value."""

    known_as: str
    of: Callable[[ColumnElement[Any], Any], Select[Any]]
    """The value that belongs to a key, as that viewer sees it; None is a guest."""
    kind: object
    """Its type, which JSON has a form for."""
    is_of_viewer: bool = False
    """Whether it is nothing to a guest, who never asks for it."""


@dataclass(frozen=True, slots=True)
class Brought:
    """An edge of the entries that have its key in that field; None if all share the value."""

    edge: Edge
    by: str | None

    @property
    def key(self) -> Key:
        """Reads the key of an entry."""
        return attrgetter(self.by) if self.by else lambda _: None


Edges: TypeAlias = tuple[Brought, ...]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is worth bringing along for each photo, user and comment that is read."""

    photos: Edges = ()
    users: Edges = ()
    comments: Edges = ()

    def by_guests(self) -> "Wanted":
        """The same without what is nothing to a guest."""
        return Wanted(_by_guests(self.photos), _by_guests(self.users), _by_guests(self.comments))


@dataclass(frozen=True, slots=True)
class Along:
    """What one operation wants to come along, and what has come, by edge and key."""

    wanted: Wanted = Wanted()
    known: defaultdict[str, dict[Any, Any]] = field(default_factory=lambda: defaultdict(dict))


@dataclass(frozen=True, slots=True)
class Wide(Generic[Row]):
    """A read of rows, each beside what comes along with it."""

    read: Read[str | None]
    decoder: "msgspec.json.Decoder[list[tuple[Any, ...]]]"
    taken: tuple[tuple[str, Key], ...]

    @classmethod
    def of(
        cls, statement: Select[Any], row: type[Row], edges: Edges, *, is_guest: bool
    ) -> "Wide[Row]":
        """*statement*, which has a column for each field of the named tuple *row*, the newest
        entries first.
        """
        entry = statement.subquery("entry")
        viewer = None if is_guest else VIEWER
        values = [array_of(entry.c[name] for name in typing.get_type_hints(row))]
        values += [one.edge.of(entry.c[one.by or "id"], viewer).scalar_subquery() for one in edges]
        newest = aggregate_order_by(array_of(values), entry.c.created_at.desc(), entry.c.id.desc())
        kinds: Any = (row, *(one.edge.kind for one in edges))
        return cls(
            Read.of(select(cast(func.json_agg(newest), Text)), first),
            msgspec.json.Decoder(list[tuple[kinds]]),
            tuple((one.edge.known_as, one.key) for one in edges),
        )

    async def rows(self, way: Way, along: Along | None, **values: Any) -> list[Row]:
        """The rows of the answer; what came along is known from now on."""
        [text] = await rows(way, self.read, **values)
        entries = self.decoder.decode(text) if text else []
        if along is not None:
            for place, (known_as, key) in enumerate(self.taken, start=1):
                known = along.known[known_as]
                for entry in entries:
                    known.setdefault(key(entry[0]), entry[place])
        return [entry[0] for entry in entries]


def array_of(values: "typing.Iterable[ColumnElement[Any]]") -> ColumnElement[Any]:
    """The values as one in JSON, where a named tuple has them in the order of its fields."""
    return func.json_build_array(*values)


def _by_guests(edges: Edges) -> Edges:
    return tuple(brought for brought in edges if not brought.edge.is_of_viewer)
