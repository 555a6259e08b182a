"""What a read brings along for each of its entries, so that nobody has to ask for it later.

A statement costs the process more than a few more columns do. An edge says once, in SQL,
what belongs to one key; any statement whose entries have such a key can bring it along.
"""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Generic, TypeAlias, TypeVar

from asyncpg import Record
from sqlalchemy import ColumnElement, Select, select, true
from sqlalchemy.sql import FromClause

from storage.database import Way
from storage.reads import VIEWER, Read, rows

Row = TypeVar("Row")
Value: TypeAlias = Callable[[Record], Any]


@dataclass(frozen=True, slots=True, eq=False)
class Edge:
    """What belongs to a key: at most one row, and what is made of it."""

    known_as: str
    of: Callable[[ColumnElement[Any], Any], Select[Any]]
    """The row that belongs to a key, as that viewer sees it; None is a guest."""
    value: Callable[[int, int], Value]
    """Reads the value from a record, given where the key stands and where the row begins."""
    is_of_viewer: bool = False
    """Whether it is nothing to a guest, who never asks for it."""


@dataclass(frozen=True, slots=True)
class Brought:
    """An edge of the entries that have its key in that column; None if all share the value."""

    edge: Edge
    by: str | None


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
    """A read whose records go on after the row with what comes along."""

    read: Read[Record]
    row: Callable[[Record], Row]
    taken: tuple[tuple[str, int | None, Value], ...]

    @classmethod
    def of(
        cls,
        statement: Select[Any],
        row: Callable[[Record], Row],
        edges: Edges,
        *,
        is_guest: bool,
    ) -> "Wide[Row]":
        """*statement*, widened; with edges its entries are sorted, the newest first."""
        if not edges:
            return cls(Read.of(statement, _itself), row, ())
        entry = statement.subquery("entry")
        names = [column.name for column in entry.c]
        tables: FromClause = entry
        columns: list[ColumnElement[Any]] = [*entry.c]
        taken: list[tuple[str, int | None, Value]] = []
        for brought in edges:
            edge, key = brought.edge, None if brought.by is None else names.index(brought.by)
            of = entry.c[names[key or 0]]
            one = edge.of(of, None if is_guest else VIEWER).lateral(f"along_{len(taken)}")
            tables = tables.outerjoin(one, true())
            taken.append((edge.known_as, key, edge.value(key or 0, len(columns))))
            columns += one.c
        wide = select(*columns).select_from(tables)
        newest = wide.order_by(entry.c.created_at.desc(), entry.c.id.desc())
        return cls(Read.of(newest, _itself), row, tuple(taken))

    async def rows(self, way: Way, along: Along | None, **values: Any) -> list[Row]:
        """The rows of the answer; what came along is known from now on."""
        records = await rows(way, self.read, **values)
        if along is not None:
            for known_as, key, value in self.taken:
                known = along.known[known_as]
                for record in records:
                    of = None if key is None else record[key]
                    if of not in known:
                        known[of] = value(record)
        return [self.row(record) for record in records]


def column(_key: int, start: int) -> Value:
    """The value of an edge that is one column."""
    return lambda record: record[start]


def _itself(record: Record) -> Record:
    return record


def _by_guests(edges: Edges) -> Edges:
    return tuple(brought for brought in edges if not brought.edge.is_of_viewer)
