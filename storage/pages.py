"""Keyset pages: ordered by time and id, mostly newest first, one row more than asked, no OFFSET."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeVar
from uuid import UUID

from asyncpg import Record
from sqlalchemy import (
    ARRAY,
    ColumnElement,
    DateTime,
    Integer,
    Select,
    TableValuedAlias,
    Uuid,
    cast,
    column,
    func,
    literal,
    select,
    true,
    tuple_,
)

from storage.reads import rows_of, value
from storage.rows import Cursor, Page, PageRequest, Placed, ScoredRequest

Row = TypeVar("Row")
Parent = TypeVar("Parent", bound=UUID)


def newest_first(
    statement: Select[Any], at: ColumnElement[Any], id: ColumnElement[Any], request: PageRequest
) -> Select[Any]:
    """*statement*, narrowed to what one page needs."""
    if request.after is not None:
        statement = statement.where(tuple_(at, id) < _place(request.after, at, id))
    return statement.order_by(at.desc(), id.desc()).limit(request.first + 1)


def oldest_first(
    statement: Select[Any], at: ColumnElement[Any], id: ColumnElement[Any], request: PageRequest
) -> Select[Any]:
    """Like `newest_first`, the other way round: in the order of reading."""
    if request.after is not None:
        statement = statement.where(tuple_(at, id) > _place(request.after, at, id))
    return statement.order_by(at, id).limit(request.first + 1)


def _place(after: Cursor, at: ColumnElement[Any], id: ColumnElement[Any]) -> ColumnElement[Any]:
    return tuple_(_told(after.created_at, at), _told(after.id, id))


def _told(place: object, column: ColumnElement[Any]) -> ColumnElement[Any]:
    return place if isinstance(place, ColumnElement) else literal(place, column.type)


def any_page(*, is_first: bool) -> PageRequest:
    """Stands in a hot read for a page that `asked` tells of each time."""
    first: Any = value("first", Integer())
    at: Any = value("after_at", DateTime(timezone=True))
    id: Any = value("after_id", Uuid())
    return PageRequest(first, None if is_first else Cursor(at, id))


def asked(request: PageRequest) -> dict[str, Any]:
    """The values of a hot read's page."""
    if request.after is None:
        return {"first": request.first}
    after = request.after
    return {"first": request.first, "after_at": after.created_at, "after_id": after.id}


def page(
    request: PageRequest | ScoredRequest, rows: Sequence[Row], cursors: Sequence[Placed]
) -> Page[Row]:
    """The page made of up to one row more than was asked for."""
    return Page(
        rows=list(rows[: request.first]),
        cursors=list(cursors[: request.first]),
        has_next=len(rows) > request.first,
        has_previous=request.after is not None,
    )


def page_by_time(request: PageRequest, rows: Sequence[Row]) -> Page[Row]:
    """The same of rows that have `created_at` and `id`, by which they are ordered."""
    placed: Sequence[Any] = rows
    return page(request, rows, placed)


def each(ids: Sequence[UUID] | ColumnElement[Any]) -> TableValuedAlias:
    """The *ids* as a table of one column, to join a page to each of them."""
    array = ids if isinstance(ids, ColumnElement) else cast(list(ids), ARRAY(Uuid))
    listed = func.unnest(array)
    return listed.table_valued(column("id", Uuid), name="parent").render_derived()


def page_of_each(parents: TableValuedAlias, one_page: Select[Any]) -> Select[Any]:
    """*one_page*, which may refer to `parents.c.id`, made for every parent at once.

    The rows begin with the parent's id; those of one parent keep the order of the page.
    """
    entries = one_page.add_columns(
        func.row_number().over(order_by=one_page._order_by_clauses).label("place")  # noqa: SLF001
    ).lateral("entry")
    chosen = [entry for entry in entries.c if entry.name != "place"]
    return (
        select(parents.c.id.label("parent"), *chosen)
        .join_from(parents, entries, true())
        .order_by(entries.c.place)
    )


def entry_of(row: type[Row]) -> Callable[[Record], tuple[Any, Row, Cursor]]:
    """Makes entries for `pages` of what `page_of_each` answers, where the columns of each row come
    after the moment that it is listed by.
    """
    made: Callable[[Any], Any] = rows_of(row, after=2)

    def entry(record: Record) -> tuple[Any, Row, Cursor]:
        found = made(record)
        return record[0], found, Cursor(record[1], found.id)

    return entry


def pages(
    request: PageRequest, parents: Iterable[Parent], entries: Iterable[tuple[Parent, Row, Cursor]]
) -> dict[Parent, Page[Row]]:
    """A page for every parent, empty for those without entries."""
    found: dict[Parent, list[tuple[Row, Cursor]]] = defaultdict(list)
    for parent, row, cursor in entries:
        found[parent].append((row, cursor))
    return {
        parent: page(
            request, [row for row, _ in found[parent]], [cursor for _, cursor in found[parent]]
        )
        for parent in parents
    }
