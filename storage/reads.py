"""Hot reads: statements written once by SQLAlchemy and sent straight to PostgreSQL by asyncpg.

What is the same each time stands in the text, so that a plan can be kept and knows which
partial index applies; what differs is a named `bindparam`.
"""

import dataclasses
import typing
from collections.abc import Callable, Sequence
from enum import StrEnum
from typing import Any, Final, Generic, TypeAlias, TypeVar

from asyncpg import Connection, Record
from sqlalchemy import (
    ARRAY,
    BindParameter,
    ColumnElement,
    CompoundSelect,
    Select,
    UpdateBase,
    Uuid,
    any_,
    bindparam,
)
from sqlalchemy.dialects.postgresql.asyncpg import PGCompiler_asyncpg, PGDialect_asyncpg
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.types import TypeEngine

from storage.database import Way, statements
from storage.losses import BROKEN
from storage.reader import Reader

Row = TypeVar("Row")
Statement: TypeAlias = Select[Any] | CompoundSelect[Any] | UpdateBase

_DIALECT: Final = PGDialect_asyncpg()  # type: ignore[no-untyped-call] # SQLAlchemy says no more.


class _Text(PGCompiler_asyncpg):
    """Writes every value that is known already into the text."""

    def visit_bindparam(self, bindparam: Any, *_: Any, **options: Any) -> Any:
        options["literal_binds"] = not bindparam.required
        return super().visit_bindparam(  # type: ignore[no-untyped-call] # SQLAlchemy says no more.
            bindparam, **options
        )


@dataclasses.dataclass(frozen=True, slots=True)
class Read(Generic[Row]):
    """One statement, the names of its values in their order, and what its rows become."""

    text: str
    names: tuple[str, ...]
    row: Callable[[Record], Row]

    @classmethod
    def of(cls, statement: Statement, row: Callable[[Record], Row]) -> "Read[Row]":
        """The statement as it is sent. Its columns come in the order that *row* takes."""
        compiled = _Text(_DIALECT, statement)
        return cls(str(compiled), tuple(compiled.positiontup or ()), row)


async def rows(way: Way, read: Read[Row], **values: Any) -> list[Row]:
    """The rows of the answer to *read* with those values."""
    counter = statements.get()
    if counter is not None:
        counter.total += 1
    given = [values[name] for name in read.names]
    try:
        if type(way) is Reader:
            records = await way.answer(read.text, given)
        else:
            records = await driver(way).fetch(read.text, *given)
    except (TimeoutError, *BROKEN):
        # It is silent, or has gone: it is asked nothing more, not even to roll back.
        if type(way) is AsyncConnection:
            await way.invalidate()
        raise
    return [read.row(record) for record in records]


def value(name: str, kind: TypeEngine[Any]) -> BindParameter[Any]:
    """What differs from one time to the next, by its name."""
    return bindparam(name, type_=kind, required=True)


# What nearly every read is told.
VIEWER: Final = value("viewer", Uuid())
# The same in a statement that is only true of a viewer from whom nobody is hidden.
KNOWS_ALL: Final = value("viewer", Uuid())
IDS: Final = value("ids", ARRAY(Uuid))
ID: Final = value("id", Uuid())


def among(column: ColumnElement[Any], *, is_one: bool) -> ColumnElement[bool]:
    """True for the ids that a read is told by `listed`."""
    return column == (ID if is_one else any_(IDS))


def listed(ids: Sequence[Any]) -> dict[str, Any]:
    """The ids, one by itself: to write an array costs asyncpg as much as several other values."""
    return {"id": ids[0]} if len(ids) == 1 else {"ids": ids}


def driver(way: Way) -> "Connection[Record]":
    """The connection to speak to asyncpg with."""
    # It is an abstract base class, of which to be an instance is found out slowly.
    if type(way) is AsyncConnection:
        assert way.sync_connection is not None
        return typing.cast("Connection[Record]", way.sync_connection.connection.driver_connection)
    return typing.cast("Connection[Record]", way)


def first(record: Record) -> Any:
    """The first column, for reads that have but one."""
    return record[0]


def pair(record: Record) -> tuple[Any, Any]:
    """The two columns, for reads that make a mapping."""
    return record[0], record[1]


def rows_of(row: type[Row], *, after: int = 0) -> Callable[[Any], Row]:
    """Makes rows of records that have their columns in the order of the fields, *after* others."""
    members = [_members(kind) for kind in typing.get_type_hints(row).values()]
    values = ", ".join(
        f"record[{n + after}]" if found is None else f"members[{n}][record[{n + after}]]"
        for n, found in enumerate(members)
    )
    # Straight code: one such row is made for each photo of each feed. What a named tuple does to
    # name its values is spared.
    make = f"new(row, ({values},))" if issubclass(row, tuple) else f"row({values})"
    given = {"row": row, "members": members, "new": tuple.__new__}
    made = eval(f"lambda record: {make}", given)  # noqa: S307
    return typing.cast("Callable[[Any], Row]", made)


def _members(kind: Any) -> dict[str | None, StrEnum | None] | None:
    """The members by what the column holds, where the field is an enum that may be null."""
    kinds = typing.get_args(kind) or (kind,)
    enums = [one for one in kinds if isinstance(one, type) and issubclass(one, StrEnum)]
    return {None: None} | {member.value: member for member in enums[0]} if enums else None
