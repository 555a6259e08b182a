"""Hot reads: statements written once by SQLAlchemy and sent straight to PostgreSQL by asyncpg.

What is the same each time stands in the text, so that a plan can be kept and knows which
partial index applies; what differs is a named `bindparam`.
"""

import dataclasses
import typing
from collections.abc import Callable, Sequence
from enum import StrEnum
from typing import Any, Final, Generic, TypeVar

from sqlalchemy import Select
from sqlalchemy.dialects.postgresql.asyncpg import PGCompiler_asyncpg, PGDialect_asyncpg

Row = TypeVar("Row")

_DIALECT: Final = PGDialect_asyncpg()  # type: ignore[no-untyped-call] # SQLAlchemy says no more.


class _Text(PGCompiler_asyncpg):
    """Writes every value that is known already into the text."""

    def visit_bindparam(self, bindparam: Any, *_: Any, **options: Any) -> Any:
        options["literal_binds"] = not bindparam.required
        return super().visit_bindparam(bindparam, **options)  # type: ignore[no-untyped-call] # As above.


@dataclasses.dataclass(frozen=True, slots=True)
class Read(Generic[Row]):
    """One statement, the names of its values in their order, and what its rows become."""

    text: str
    names: tuple[str, ...]
    row: Callable[[Sequence[Any]], Row]

    @classmethod
    def of(cls, statement: Select[Any], row: Callable[[Sequence[Any]], Row]) -> "Read[Row]":
        """The statement as it is sent. Its columns come in the order that *row* takes."""
        compiled = _Text(_DIALECT, statement)
        return cls(str(compiled), tuple(compiled.positiontup or ()), row)


def rows_of(row: type[Row]) -> Callable[[Sequence[Any]], Row]:
    """Makes rows of records that have their columns in the order of the fields."""
    kinds = typing.get_type_hints(row)
    members = [_members(kinds[field.name]) for field in dataclasses.fields(row)]  # type: ignore[arg-type]
    values = ", ".join(
        f"record[{n}]" if found is None else f"members[{n}][record[{n}]]"
        for n, found in enumerate(members)
    )
    # Straight code: one such row is made for each photo of each feed.
    made = eval(f"lambda record: row({values})", {"row": row, "members": members})  # noqa: S307
    return typing.cast("Callable[[Sequence[Any]], Row]", made)


def _members(kind: Any) -> dict[str | None, StrEnum | None] | None:
    """The members by what the column holds, where the field is an enum that may be null."""
    kinds = typing.get_args(kind) or (kind,)
    enums = [one for one in kinds if isinstance(one, type) and issubclass(one, StrEnum)]
    return {None: None} | {member.value: member for member in enums[0]} if enums else None
