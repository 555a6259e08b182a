"""What the ways of finding photos share: what can be found, and pages of it."""

from typing import Any

from sqlalchemy import ColumnElement, Select, Subquery, and_, literal, select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.sql import FromClause

from storage.database import columns
from storage.pages import page
from storage.rows import (
    Page,
    PhotoRow,
    PhotoStatus,
    Place,
    ScoredRequest,
    UserId,
    Visibility,
)
from storage.tables import photos
from storage.visibility import visible_to

COLUMNS = columns(photos, PhotoRow)


def public(seen: FromClause = photos) -> ColumnElement[bool]:
    """True for the photos that can be found, as the indexes over them say it."""
    return and_(seen.c.status == PhotoStatus.READY, seen.c.visibility == Visibility.PUBLIC)


def keys(seen: FromClause = photos) -> list[ColumnElement[Any]]:
    """The columns by which photos are ordered, and by which it is decided who sees them."""
    return [seen.c.id, seen.c.owner_id, seen.c.status, seen.c.visibility, seen.c.created_at]


def seen_first(ordered: Subquery, request: ScoredRequest, viewer: UserId | None) -> Subquery:
    """The first of *ordered* that *viewer* may see, asked one after the other until enough."""
    return (
        select(ordered)
        .where(visible_to(viewer, ordered))
        .limit(request.first + 1)
        .subquery("seen_first")
    )


def is_later(after: Place, seen: FromClause = photos) -> ColumnElement[bool]:
    """True for what comes after a place among photos of one score."""
    return tuple_(seen.c.created_at, seen.c.id) < tuple_(*of_one_score(after))


def of_one_score(after: Place) -> tuple[ColumnElement[Any], ColumnElement[Any]]:
    """The time and the id of a place."""
    return literal(after.created_at, photos.c.created_at.type), literal(after.id, photos.c.id.type)


async def page_of(
    connection: AsyncConnection, statement: Select[Any], request: ScoredRequest
) -> Page[PhotoRow]:
    """The page, from rows of the columns of a photo and a score."""
    answer = [(PhotoRow(*row), score) for *row, score in await connection.execute(statement)]
    places = [Place(row.created_at, row.id, score) for row, score in answer]
    return page(request, [row for row, _ in answer], places)
