"""What a read brings along for each of its entries, so that nobody has to ask for it later.

A statement costs the process more than a few more values do. An edge says once, in SQL, what
belongs to one key; any statement whose entries have such a key can bring it along. All comes as
one JSON text, which is decoded to rows at once: a value of a driver's costs several times as much.

So does the word on the viewer's session, where nobody has asked for it yet.
"""

import typing
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from operator import attrgetter
from typing import Any, Final, Generic, TypeAlias, TypeVar

import msgspec
from sqlalchemy import ColumnElement, Integer, Select, Text, Uuid, cast, false, func, select
from sqlalchemy.dialects.postgresql import aggregate_order_by

from storage.database import Way
from storage.known import Known
from storage.pages import newest_first, page_by_time
from storage.reads import VIEWER, Read, pair, rows, value
from storage.rows import PageRequest, SessionId
from storage.sessions import is_live

# Statements of so many shapes are kept of each kind; a client that thinks up more has them written
# anew.
MOST_KEPT: Final = 128

Row = TypeVar("Row")


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
    is_sparse: bool = False
    """Whether it may be null for all entries together, which says nothing: nobody asks then."""


@dataclass(frozen=True, slots=True, eq=False)
class Listed:
    """What belongs to a key: a list, of which the first page is brought, the newest first."""

    known_as: str
    of: Callable[[ColumnElement[Any], Any], Select[Any]]
    """The whole list, as that viewer sees it."""
    row: type[Any]
    """A named tuple of what is selected, with `created_at` and `id`."""


@dataclass(frozen=True, slots=True, eq=False)
class Brought:
    """An edge of the entries that have its key in that field; None if all share the value.

    `brought` makes them, one of each: what is kept by them is found by identity.
    """

    edge: Edge | Listed
    by: str | None
    below: "Edges" = ()
    """What comes along with each entry of a list."""


Edges: TypeAlias = tuple[Brought, ...]


@lru_cache(MOST_KEPT)
def brought(edge: Edge | Listed, by: str | None, *below: Brought) -> Brought:
    """The edge of such entries; the same object as long as it is in use."""
    return Brought(edge, by, below)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is worth bringing along for each photo, user and comment that is read."""

    photos: Edges = ()
    users: Edges = ()
    comments: Edges = ()

    def by_guests(self) -> "Wanted":
        """The same without what is nothing to a guest."""
        return Wanted(_by_guests(self.photos), _by_guests(self.users), _by_guests(self.comments))


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
    """What one operation wants to come along, and what has come, by edge and key."""

    wanted: Wanted = Wanted()
    pages: Mapping[str, PageRequest] = field(default_factory=dict)
    """The first page of each list that is wanted, by what the list is known as."""
    known: defaultdict[str, Known[Any, Any]] = field(default_factory=lambda: defaultdict(Known))
    claim: Claim | None = None
    """The first read that can says whether it is true."""

    def take(self, entries: Sequence[Sequence[Any]], taken: "tuple[Taken, ...]") -> None:
        """Know what stands beside the row of each entry."""
        if not entries:
            return
        rows, *beside = zip(*entries, strict=True)
        keys: dict[str, list[Any]] = {}
        for one, values in zip(taken, beside, strict=True):
            known = self.known[one.known_as]
            if one.by is None:
                known.add([None], values[:1])
                continue
            if one.is_sparse and values[0] is None:
                continue
            own = keys.get(one.by)
            if own is None:
                own = keys[one.by] = list(map(attrgetter(one.by), rows))
            if one.below is None:
                known.add(own, values)
                continue
            request = self.pages[one.known_as]
            lists = [listed or () for listed in values]
            pages = [page_by_time(request, [each[0] for each in listed]) for listed in lists]
            known.add(own, pages)
            self.take([each for listed in lists for each in listed], one.below)


@dataclass(frozen=True, slots=True)
class Taken:
    """What stands beside the row of an entry: what it is known as, by which key."""

    known_as: str
    by: str | None
    """The field of the row with its key; None if all entries have the same beside them."""
    below: "tuple[Taken, ...] | None"
    """What stands beside each row of a list; None for a single value."""
    is_sparse: bool

    @classmethod
    def of(cls, edges: Edges) -> "tuple[Taken, ...]":
        """All of them, in the order in which they stand there."""
        return tuple(
            cls(
                one.edge.known_as,
                one.by,
                cls.of(one.below) if isinstance(one.edge, Listed) else None,
                isinstance(one.edge, Edge) and one.edge.is_sparse,
            )
            for one in edges
        )


@dataclass(frozen=True, slots=True)
class Wide(Generic[Row]):
    """A read of rows, each beside what comes along with it."""

    read: Read[tuple[str | None, bool]]
    """All entries, and whether the claimed session is live."""
    decoder: "msgspec.json.Decoder[list[tuple[Any, ...]]]"
    taken: tuple[Taken, ...]

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
        return cls(
            Read.of(whole, pair),
            msgspec.json.Decoder(_kind(row, edges)),
            Taken.of(edges),
        )

    async def rows(self, way: Way, along: Along | None, **values: Any) -> list[Row]:
        """The rows of the answer; what came along is known from now on."""
        if along is not None:
            values |= {_first(name): page.first for name, page in along.pages.items()}
        claim = along.claim if along is not None else None
        asked = claim if claim is not None and claim.is_live is None else None
        [(text, word)] = await rows(way, self.read, session=asked and asked.id, **values)
        entries = self.decoder.decode(text) if text else []
        if asked is not None:
            asked.is_live = word
        if along is not None:
            along.take(entries, self.taken)
        return [entry[0] for entry in entries]


def _entries(
    name: str, statement: Select[Any], row: type[Any], edges: Edges, viewer: Any
) -> Select[Any]:
    """All that *statement* answers as one value."""
    entry = statement.subquery(name)
    values = [array_of(entry.c[name] for name in typing.get_type_hints(row))]
    values += [_beside(one, entry.c[one.by or "id"], viewer) for one in edges]
    newest = aggregate_order_by(array_of(values), entry.c.created_at.desc(), entry.c.id.desc())
    return select(func.json_agg(newest))


def _beside(one: Brought, key: ColumnElement[Any], viewer: Any) -> ColumnElement[Any]:
    edge = one.edge
    if isinstance(edge, Edge):
        return edge.of(key, viewer).scalar_subquery()
    listed: Any = edge.of(key, viewer)
    most: Any = value(_first(edge.known_as), Integer())
    chosen = listed.selected_columns
    one_page = newest_first(listed, chosen.created_at, chosen.id, PageRequest(most, None))
    return _entries(edge.known_as, one_page, edge.row, one.below, viewer).scalar_subquery()


def _kind(row: type[Any], edges: Edges) -> Any:
    kinds: Any = (
        row,
        *(
            one.edge.kind if isinstance(one.edge, Edge) else _kind(one.edge.row, one.below) | None
            for one in edges
        ),
    )
    return list[tuple[kinds]]


def _first(known_as: str) -> str:
    """What the size of such a page is called in a statement."""
    return f"first_{known_as}"


def array_of(values: "typing.Iterable[ColumnElement[Any]]") -> ColumnElement[Any]:
    """The values as one in JSON, where a named tuple has them in the order of its fields."""
    return func.json_build_array(*values)


def _by_guests(edges: Edges) -> Edges:
    return tuple(
        brought(one.edge, one.by, *_by_guests(one.below)) if one.below else one
        for one in edges
        if not (isinstance(one.edge, Edge) and one.edge.is_of_viewer)
    )
