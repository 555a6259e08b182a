"""Public photos by distance."""

from typing import Final

from sqlalchemy import (
    CTE,
    ColumnElement,
    Float,
    Select,
    and_,
    any_,
    func,
    literal,
    or_,
    select,
    true,
    union_all,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.rows import Page, PhotoRow, ScoredRequest, UserId
from storage.search.narrowing import Narrowed, Near, distance, has_tag, in_box, within
from storage.search.places import COLUMNS, is_later, keys, page_of, public, seen_first
from storage.tables import photos
from storage.visibility import visible_to

# So many of the nearest photos are looked through before the whole circle is.
NEAREST: Final = 500


async def page(
    connection: AsyncConnection,
    near: Near,
    tag: str | None,
    request: ScoredRequest,
    viewer: UserId | None,
) -> Page[PhotoRow]:
    """Those in the circle whose owners share where they were taken, the nearest first.

    Walking from the middle outwards finds a page at once where there are many photos. Where
    few of them have the tag, or may be seen, every photo in the circle is looked at.
    """
    nearest = _nearest(near, request)
    close = _close(nearest, near, tag, request, viewer)
    is_full = select(func.count()).select_from(close).scalar_subquery() > request.first
    last = select(func.max(nearest.c.score)).scalar_subquery()
    is_all = select(func.count()).select_from(nearest).scalar_subquery() < NEAREST
    # The walk gave a whole page, or left the circle, or met every photo.
    is_enough = or_(is_full, last > near.radius, is_all)
    chosen = union_all(
        select(close.c.id, close.c.score).where(is_enough),
        _whole_circle(near, tag, request, viewer).where(~is_enough),
    ).subquery("chosen")
    statement = (
        select(*COLUMNS, chosen.c.score)
        .join(photos, photos.c.id == chosen.c.id)
        .order_by(chosen.c.score, photos.c.created_at.desc(), photos.c.id.desc())
    )
    return await page_of(connection, statement, request)


def _nearest(near: Near, request: ScoredRequest) -> CTE:
    away = distance(near)
    return (
        select(*keys(), away.label("score"))
        .where(public(), photos.c.latitude.is_not(None), _is_farther(away, request))
        .order_by(away, photos.c.created_at.desc(), photos.c.id.desc())
        .limit(NEAREST)
        .cte("nearest")
    )


def _close(
    nearest: CTE, near: Near, tag: str | None, request: ScoredRequest, viewer: UserId | None
) -> CTE:
    has = has_tag(tag, nearest) if tag is not None else true()
    return (
        select(nearest.c.id, nearest.c.score)
        .where(nearest.c.score <= near.radius, has, visible_to(viewer, nearest))
        .limit(request.first + 1)
        .cte("close")
    )


def _whole_circle(
    near: Near, tag: str | None, request: ScoredRequest, viewer: UserId | None
) -> Select[tuple[object, float]]:
    away = distance(near)
    # In the row itself most photos are ruled out for less than by a look into another table.
    may_have = (literal(tag) == any_(photos.c.tags)) if tag is not None else true()
    circle = (
        select(*keys(), away.label("score"))
        .where(public(), in_box(near), may_have, *within(Narrowed(tag, near)))
        .where(_is_farther(away, request))
        .order_by(away, photos.c.created_at.desc(), photos.c.id.desc())
        .subquery("circle")
    )
    seen = seen_first(circle, request, viewer)
    return select(seen.c.id, seen.c.score)


def _is_farther(away: ColumnElement[float], request: ScoredRequest) -> ColumnElement[bool]:
    after = request.after
    if after is None:
        return true()
    score = literal(after.score, Float)
    return or_(away > score, and_(away == score, is_later(after)))
