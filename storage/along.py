"""What a read brings along for each of its entries, so that nobody has to ask for it later.

A statement costs the process more than a few more values do. An edge says once, in SQL, what
belongs to one key; any statement whose entries have such a key can bring it along. All comes as
one JSON text, which is decoded to rows at once: a value of a driver's costs several times as much.

So does the word on the viewer's session, where nobody has asked for it yet, and the word on whether
anybody is hidden from the viewer. Mostly nobody is; `Wide` begins with a statement for that case.
"""

import typing
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final, Generic, NamedTuple, TypeVar

import msgspec
from sqlalchemy import (
    ColumnElement,
    Integer,
    Select,
    Subquery,
    Text,
    Uuid,
    case,
    cast,
    false,
    func,
    null,
    or_,
    select,
)
from sqlalchemy.dialects.postgresql import aggregate_order_by

from storage.database import Way
from storage.edges import Brought, Edge, Edges, Listed, Single, Wanted
from storage.hiding import Guesses
from storage.pages import any_page, each, newest_first, page_of_each
from storage.reads import IDS, KNOWS_ALL, VIEWER, Read, rows, value
from storage.rows import PageRequest, SessionId, UserId
from storage.sessions import is_live
from storage.visibility import Asking, hides, leaving_hides

Row = TypeVar("Row")

NOTHING: Final = Wanted()


@dataclass(slots=True)
class Claim:
    """A session that the viewer claims to have, and whether that was found to be true."""

    id: SessionId
    at: float
    """When it was made; what is found may be as old as that."""
    is_live: bool | None = None


_SESSION: Final = value("session", Uuid())
# It is neither JSON nor the null that stands for no rows.
_NOT_READ: Final = ""


@dataclass(slots=True)
class Along:
    """What one operation wants to come along with the rows that it reads."""

    wanted: Wanted = NOTHING
    pages: Mapping[str, PageRequest] = field(default_factory=dict)
    """The first page of each list that is wanted, by its name."""
    claim: Claim | None = None
    """The first read that can says whether it is true."""
    hides: bool | None = None
    """Whether anybody is hidden from the viewer, once a read has brought the word on that."""
    guesses: Guesses | None = None
    """What is thought of that before."""

    def is_thought_to_hide(self, viewer: UserId) -> bool:
        """Whether somebody is hidden from the viewer for all that is known.

        Who remembers nothing of it is better off not to guess.
        """
        if self.hides is not None:
            return self.hides
        return self.guesses is None or viewer in self.guesses


# All rows, whether the claimed session is live, and by what somebody is hidden, if anybody is.
_Whole = Read[tuple[str | None, bool, bool | None]]


class Wide(Generic[Row]):
    """A read of rows that have what comes along with each as further attributes.

    They have the fields of the named tuple, and nothing else of its class.
    """

    def __init__(
        self,
        statement: Callable[[Asking], Select[Any]],
        row: type[Row],
        edges: Edges,
        *,
        is_guest: bool,
        unless: ColumnElement[bool] | None = None,
    ) -> None:
        """*statement* makes what a viewer is answered, which has a column for each field of the
        named tuple *row*, the newest entries first.

        It is not executed where *unless* is true, which is found out before.
        """
        self._statement = statement
        self._row = row
        self._edges = edges
        self._is_guest = is_guest
        self._unless = () if unless is None else (unless,)
        self._decoder: msgspec.json.Decoder[list[Any]] = msgspec.json.Decoder(_rows_of(row, edges))

    @cached_property
    def of_most(self) -> _Whole:
        """Reads nothing for a viewer from whom anybody is hidden. It costs PostgreSQL up to a third
        less: a part of a plan takes its time even if it never runs.
        """
        return self._whole(KNOWS_ALL, hides(VIEWER))

    @cached_property
    def of_any(self) -> _Whole:
        """Reads for every viewer."""
        return self._whole(None if self._is_guest else VIEWER)

    def _whole(self, viewer: Asking, *reasons: ColumnElement[bool]) -> _Whole:
        entries = _entries("entry", self._statement(viewer), self._row, self._edges, viewer)
        text: ColumnElement[Any] = cast(entries.scalar_subquery(), Text)
        unless = (*reasons, *self._unless)
        if unless:
            text = case((or_(*unless), _NOT_READ), else_=text)
        asking = None if self._is_guest else VIEWER
        word = false() if asking is None else is_live(_SESSION, asking)
        whole: Any = select(text, word, leaving_hides(asking))
        return Read.of(whole, tuple)

    async def rows(self, way: Way, along: Along | None, **values: Any) -> list[Row]:
        """The rows of the answer."""
        return await self.rows_if_read(way, along, **values) or []

    async def rows_if_read(self, way: Way, along: Along | None, **values: Any) -> list[Row] | None:
        """The rows of the answer, None where they were not read."""
        told = Along() if along is None else along
        viewer = None if self._is_guest else values["viewer"]
        is_thought_to_hide = viewer is None or told.is_thought_to_hide(viewer)
        read = self.of_any if is_thought_to_hide else self.of_most
        text, by_leaving = _noted(told, await rows(way, read, **_given(told, values)))
        if viewer is not None and told.hides is not is_thought_to_hide:
            if told.guesses is not None:
                told.guesses.learn(viewer, by_leaving=by_leaving)
            if told.hides:
                text, _ = _noted(told, await rows(way, self.of_any, **_given(told, values)))
        if text == _NOT_READ:
            return None
        return self._decoder.decode(text) if text else []


def page_of_each_along(
    listed: Listed, edges: Edges, *, is_guest: bool, is_first: bool
) -> Wide[Any]:
    """Reads one page of that list for each of several keys."""
    parents, request = each(IDS), any_page(is_first=is_first)

    def every_page(viewer: Asking) -> Select[Any]:
        return page_of_each(parents, _one_page(listed, parents.c.id, viewer, request))

    return Wide(every_page, listed.row, edges, is_guest=is_guest)


def _given(along: Along, values: Mapping[str, Any]) -> dict[str, Any]:
    """What a statement is told: *values*, the size of each page, and what session is claimed."""
    given: dict[str, Any] = {_first(name): page.first for name, page in along.pages.items()}
    given |= values
    claim = along.claim
    given["session"] = claim.id if claim is not None and claim.is_live is None else None
    return given


def _noted(
    along: Along, found: list[tuple[str | None, bool, bool | None]]
) -> tuple[str | None, bool | None]:
    """What is answered, and by what somebody is hidden; whatever came with it, is noted."""
    [(text, word, by_leaving)] = found
    claim = along.claim
    if claim is not None and claim.is_live is None:
        claim.is_live = word
    along.hides = by_leaving is not None
    return text, by_leaving


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
        is_nothing = (edge.is_of_viewer and viewer is None) or (
            edge.counts_hidden and viewer is KNOWS_ALL
        )
        return null() if is_nothing else edge.of(key, viewer).scalar_subquery()
    if isinstance(edge, Single):
        entry = edge.of(key, viewer).subquery(edge.name)
        return select(_values(entry, edge.row, one.below, viewer)).scalar_subquery()
    most: Any = value(_first(edge.name), Integer())
    one_page = _one_page(edge, key, viewer, PageRequest(most, None))
    return _entries(edge.name, one_page, edge.row, one.below, viewer).scalar_subquery()


def _one_page(
    listed: Listed, key: ColumnElement[Any], viewer: Any, request: PageRequest
) -> Select[Any]:
    found = listed.of(key, viewer)
    chosen = found.selected_columns
    return newest_first(found, chosen.created_at, chosen.id, request)


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
