"""What can come along with each entry of a read: what belongs to a key of it, in SQL, said once."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final, TypeAlias

from sqlalchemy import ColumnElement, Select

# Statements of so many shapes are kept of each kind; a client that thinks up more has them written
# anew.
MOST_KEPT: Final = 128


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
    counts_hidden: bool = False
    """Whether it is null where nobody is hidden from the viewer."""


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

    `brought` makes them: what is kept by them is found by identity.
    """

    edge: Edge | Single | Listed
    by: str
    below: "Edges" = ()
    """What comes along with each row of it."""


Edges: TypeAlias = tuple[Brought, ...]


@lru_cache(MOST_KEPT)
def brought(edge: Edge | Single | Listed, by: str, *below: Brought) -> Brought:
    """The edge of such entries; the same object again, unless many others were made meanwhile:
    then what is kept by it is made anew.
    """
    return Brought(edge, by, below)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is worth bringing along for each photo, user and comment that is read."""

    photos: Edges = ()
    users: Edges = ()
    comments: Edges = ()
