"""Pages of lists, and places in them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, NamedTuple, Protocol, TypeVar
from uuid import UUID

Row = TypeVar("Row")


class Placed(Protocol):
    """What lies at a place of a list that is ordered by time; a row may be its own place."""

    @property
    def created_at(self) -> datetime: ...

    @property
    def id(self) -> UUID: ...


class Cursor(NamedTuple):
    """A place in a list that is ordered by time and, within one moment, by id."""

    created_at: datetime
    id: UUID


class Place(NamedTuple):
    """The same where a score comes first and, within one score, time and id."""

    created_at: datetime
    id: UUID
    score: float


@dataclass(frozen=True, slots=True)
class PageRequest:
    """The *first* entries after a place; from the start when *after* is None."""

    first: int
    after: Cursor | None = None


@dataclass(frozen=True, slots=True)
class ScoredRequest:
    """The same in a list that is ordered by a score."""

    first: int
    after: Place | None = None


@dataclass(slots=True)
class Page(Generic[Row]):
    """One page of a list, each row with its place."""

    rows: list[Row]
    cursors: Sequence[Placed]
    has_next: bool
    has_previous: bool
