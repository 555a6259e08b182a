"""What a read brings along for each of its entries, so that nobody has to ask for it later.

A statement costs the process more than a few more values do. An edge says once, in SQL, what
belongs to one key; any statement whose entries have such a key can bring it along. All comes as
one JSON text, which is decoded to rows at once: a value of a driver's costs several times as much.

So does the word on the viewer's session, where nobody has asked for it yet.
"""

import typing
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Final, Generic, NamedTuple, TypeAlias, TypeVar

import msgspec
from sqlalchemy import (
    ColumnElement,
    Integer,
    Select,
    Subquery,
    Text,
    Uuid,
    cast,
    false,
    func,
    null,
    select,
)
from sqlalchemy.dialects.postgresql import aggregate_order_by

from storage.database import Way
from storage.pages import newest_first
from storage.reads import VIEWER, Read, pair, rows, value
from storage.rows import PageRequest, SessionId
from storage.sessions import is_live

# Statements of so many shapes are kept of each kind; a client that thinks up more has them written
# anew.
MOST_KEPT: Final = 128

Row = TypeVar("Row")


@dataclass(frozen=True, slots=True, eq=False)
class Edge:
    """What belongs to a key: one value."""

    name: str
    """The attribute of a row that it is brought along with."""
    of: Callable[[ColumnElement[Any], Any], Select[Any]]
    """The value that belongs to a key, as that viewer sees it; None is a guest."""
    kind: Any
    """Its type, which JSON has a form for."""
    is_of_viewer: bool = False
    """Whether it is null for a guest."""


@dataclass(frozen=True, slots=True, eq=False)
class Single:
    """What belongs to a key: at most one row."""

    name: str
    of: Callable[[ColumnElement[Any], Any], Select[Any]]
    row: type[Any]
    """A named tuple of what is selected."""


@dataclass(frozen=True, slots=True, eq=False)
class Listed:
    """What belongs to a key: a list, of which the first page is brought, the newest first.

    One entry more than the page has tells whether there is another; null stands for none at all.
    """

    name: str
    of: Callable[[ColumnElement[Any], Any], Select[Any]]
    """The whole list, as that viewer sees it."""
    row: type[Any]
    """A named tuple of what is selected, with `created_at` and `id`."""


@dataclass(frozen=True, slots=True, eq=False)
class Brought:
    """An edge of the entries that have its key in that field.

    `brought` makes them, one of each: what is kept by them is found by identity.
    """

    edge: Edge | Single | Listed
    by: str
    below: "Edges" = ()
    """What comes along with each row of it."""


Edges: TypeAlias = tuple[Brought, ...]


@lru_cache(MOST_KEPT)
def brought(edge: Edge | Single | Listed, by: str, *below: Brought) -> Brought:
    """The edge of such entries; the same object as long as it is in use."""
    return Brought(edge, by, below)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is worth bringing along for each photo, user and comment that is read."""

    photos: Edges = ()
    users: Edges = ()
    comments: Edges = ()


@dataclass(slots=True)
class Claim:
    """A session that the viewer claims to have, and whether that was found to be true."""

    id: SessionId
    at: float
    """When it was made; what is found may be as old as that."""
    is_live: bool | None = None


_SESSION: Final = value("session", Uuid())


@dataclass(slots=True)
class Along:
    """What one operation wants to come along with the rows that it reads."""

    wanted: Wanted = Wanted()
    pages: Mapping[str, PageRequest] = field(default_factory=dict)
    """The first page of each list that is wanted, by its name."""
    claim: Claim | None = None
    """The first read that can says whether it is true."""


@dataclass(frozen=True, slots=True)
class Wide(Generic[Row]):
    """A read of rows that have what comes along with each as further attributes."""

    read: Read[tuple[str | None, bool]]
    """All rows, and whether the claimed session is live."""
    decoder: "msgspec.json.Decoder[list[Any]]"

    @classmethod
    def of(
        cls, statement: Select[Any], row: type[Row], edges: Edges, *, is_guest: bool
    ) -> "Wide[Row]":
        """*statement*, which has a column for each field of the named tuple *row*, the newest
        entries first.
        """
        entries = _entries("entry", statement, row, edges, None if is_guest else VIEWER)
        word = false() if is_guest else is_live(_SESSION, VIEWER)
        whole: Any = select(cast(entries.scalar_subquery(), Text), word)
        return cls(Read.of(whole, pair), msgspec.json.Decoder(_rows_of(row, edges)))

    async def rows(self, way: Way, along: Along | None, **values: Any) -> list[Row]:
        """The rows of the answer."""
        if along is not None:
            values |= {_first(name): page.first for name, page in along.pages.items()}
        claim = along.claim if along is not None else None
        asked = claim if claim is not None and claim.is_live is None else None
        [(text, word)] = await rows(way, self.read, session=asked and asked.id, **values)
        if asked is not None:
            asked.is_live = word
        return self.decoder.decode(text) if text else []


def _entries(
    name: str, statement: Select[Any], row: type[Any], edges: Edges, viewer: Any
) -> Select[Any]:
    """All that *statement* answers as one value."""
    entry = statement.subquery(name)
    values = _values(entry, row, edges, viewer)
    newest = aggregate_order_by(values, entry.c.created_at.desc(), entry.c.id.desc())
    return select(func.json_agg(newest))


def _values(entry: Subquery, row: type[Any], edges: Edges, viewer: Any) -> ColumnElement[Any]:
    """A row, and what comes along with it, as one value."""
    values = [entry.c[name] for name in typing.get_type_hints(row)]
    return array_of([*values, *(_beside(one, entry.c[one.by], viewer) for one in edges)])


def _beside(one: Brought, key: ColumnElement[Any], viewer: Any) -> ColumnElement[Any]:
    edge = one.edge
    if isinstance(edge, Edge):
        is_nothing = edge.is_of_viewer and viewer is None
        return null() if is_nothing else edge.of(key, viewer).scalar_subquery()
    found: Any = edge.of(key, viewer)
    if isinstance(edge, Single):
        entry = found.subquery(edge.name)
        return select(_values(entry, edge.row, one.below, viewer)).scalar_subquery()
    most: Any = value(_first(edge.name), Integer())
    chosen = found.selected_columns
    one_page = newest_first(found, chosen.created_at, chosen.id, PageRequest(most, None))
    return _entries(edge.name, one_page, edge.row, one.below, viewer).scalar_subquery()


def _rows_of(row: type[Any], edges: Edges) -> Any:
    """What is made of a list of rows with those edges."""
    return list[_row_of(row, edges)]  # type: ignore[misc] # It is a type, made right here.


def _row_of(row: type[Any], edges: Edges) -> Any:
    """The named tuple *row*, with what comes along as further fields."""
    if not edges:
        return row
    kinds = [*typing.get_type_hints(row).items(), *((one.edge.name, _kind(one)) for one in edges)]
    return NamedTuple(row.__name__, kinds)


def _kind(one: Brought) -> Any:
    edge = one.edge
    if isinstance(edge, Edge):
        return edge.kind
    if isinstance(edge, Single):
        return _row_of(edge.row, one.below) | None
    return _rows_of(edge.row, one.below) | None


def _first(name: str) -> str:
    """What the size of such a page is called in a statement."""
    return f"first_{name}"


def array_of(values: "typing.Iterable[ColumnElement[Any]]") -> ColumnElement[Any]:
    """The values as one in JSON, where a named tuple has them in the order of its fields."""
    return func.json_build_array(*values)
