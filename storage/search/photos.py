"""Public photos by words and by tag."""

from datetime import timedelta
from enum import Enum
from typing import Final, assert_never

from sqlalchemy import (
    CTE,
    ColumnElement,
    Float,
    Integer,
    Subquery,
    cast,
    func,
    literal,
    select,
    tuple_,
    union_all,
)
from sqlalchemy.dialects.postgresql import TSQUERY
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.sql import FromClause

from storage.database import fetch
from storage.pages import newest_first, page, page_by_time
from storage.rows import Page, PageRequest, PhotoRow, Place, ScoredRequest, UserId
from storage.search.narrowing import Narrowed, in_box, within
from storage.search.places import (
    COLUMNS,
    is_later,
    keys,
    of_one_score,
    page_of,
    public,
    seen_first,
)
from storage.search.words import Terms, terms
from storage.tables import photo_tags, photos
from storage.visibility import visible_to

# So many photos are ranked; where more match, the newest come first.
MOST_RANKED: Final = 1_000
# With fewer photos than this, words spelled alike count as well.
ENOUGH: Final = 20
# So many of the newest photos are looked through before the index over words is asked.
RECENT: Final = 2_000


class Order(Enum):
    """How the photos that match are ordered; the value is what each scores where nothing ranks."""

    RELEVANCE = 0.0
    NEWEST = -1.0
    NEWEST_ALIKE = -2.0


async def tagged(
    connection: AsyncConnection, tag: str, request: PageRequest, viewer: UserId | None
) -> Page[PhotoRow]:
    """Those with a tag, newest first."""
    having = (
        select(*COLUMNS)
        .join(photo_tags, photo_tags.c.photo_id == photos.c.id)
        .where(photo_tags.c.tag == tag, public(), visible_to(viewer))
    )
    statement = newest_first(having, photo_tags.c.created_at, photo_tags.c.photo_id, request)
    rows = await fetch(connection, statement, PhotoRow)
    return page_by_time(request, rows)


async def matching(
    connection: AsyncConnection,
    typed: str,
    narrowed: Narrowed,
    request: ScoredRequest,
    viewer: UserId | None,
) -> Page[PhotoRow]:
    """Those that have every word, the best match first; none when no word was typed.

    Words in title and tags weigh most, then the caption, then the alt text. With very many
    matches the newest come first: ranking them would mean reading all of them. With very few,
    words spelled alike count too. The order of the first page holds for those after it.
    """
    found = await terms(connection, typed)
    if found is None:
        return page(request, [], [])
    order = _order_of(request.after) if request.after else await _order(connection, found)
    match order:
        case Order.RELEVANCE:
            chosen = _most_relevant(found, narrowed, request, viewer)
        case Order.NEWEST:
            chosen = _newest(found.typed, order, narrowed, request, viewer)
        case Order.NEWEST_ALIKE:
            chosen = _newest(found.alike, order, narrowed, request, viewer)
        case _:
            assert_never(order)
    statement = (
        select(*COLUMNS, chosen.c.score)
        .join(photos, photos.c.id == chosen.c.id)
        .order_by(chosen.c.score.desc(), chosen.c.created_at.desc(), chosen.c.id.desc())
    )
    return await page_of(connection, statement, request)


async def _order(connection: AsyncConnection, found: Terms) -> Order:
    counting = select(
        func.photos_matching(cast(found.typed, TSQUERY), literal(ENOUGH, Integer)),
        func.photos_matching(cast(found.alike, TSQUERY), literal(MOST_RANKED + 1, Integer)),
    )
    typed, alike = (await connection.execute(counting)).one()
    if alike <= MOST_RANKED:
        return Order.RELEVANCE
    return Order.NEWEST if typed >= ENOUGH else Order.NEWEST_ALIKE


def _order_of(place: Place) -> Order:
    unranked = (Order.NEWEST, Order.NEWEST_ALIKE)
    return next((order for order in unranked if order.value == place.score), Order.RELEVANCE)


def _most_relevant(
    found: Terms, narrowed: Narrowed, request: ScoredRequest, viewer: UserId | None
) -> Subquery:
    is_as_typed = cast(_matches(found.typed), Integer)
    rank = func.ts_rank(photos.c.words, cast(found.alike, TSQUERY))
    scored = (
        select(*keys(), cast(is_as_typed + rank, Float).label("score"))
        .where(public(), _matches(found.alike), *within(narrowed))
        .subquery("scored")
    )
    ranked = select(scored)
    order = (scored.c.score, scored.c.created_at, scored.c.id)
    if request.after is not None:
        score = literal(request.after.score, Float)
        ranked = ranked.where(tuple_(*order) < tuple_(score, *of_one_score(request.after)))
    by_rank = ranked.order_by(*(part.desc() for part in order)).subquery("ranked")
    return seen_first(by_rank, request, viewer)


def _newest(
    query: str, order: Order, narrowed: Narrowed, request: ScoredRequest, viewer: UserId | None
) -> Subquery:
    """Either a page out of the newest photos of all, or one that the index over words gives.

    Walking from the newest photo on finds a common word at once, and could walk to the oldest
    for a word that has gone out of use.
    """
    after = [is_later(request.after)] if request.after is not None else []
    recent = _recent(query, narrowed, request, viewer, after)
    is_full = select(func.count()).select_from(recent).scalar_subquery() > request.first
    # The sum is no column of an index, so that nothing is walked in its order.
    sorting = (photos.c.created_at + timedelta()).desc()
    by_time = (
        select(*keys())
        .where(~is_full, public(), _matches(query), *within(narrowed), *after)
        .where(in_box(narrowed.near))
        .order_by(sorting, photos.c.id.desc())
        .subquery("by_time")
    )
    of_all = seen_first(by_time, request, viewer)
    chosen = union_all(
        select(recent.c.id, recent.c.created_at).where(is_full),
        select(of_all.c.id, of_all.c.created_at),
    ).subquery("either")
    score = literal(order.value, Float).label("score")
    return select(chosen.c.id, chosen.c.created_at, score).subquery("chosen")


def _recent(
    query: str,
    narrowed: Narrowed,
    request: ScoredRequest,
    viewer: UserId | None,
    after: list[ColumnElement[bool]],
) -> CTE:
    newest = (
        select(*keys(), photos.c.latitude, photos.c.longitude, photos.c.words)
        .where(public(), *after)
        .order_by(photos.c.created_at.desc(), photos.c.id.desc())
        .limit(RECENT)
        .subquery("newest")
    )
    return (
        select(newest.c.id, newest.c.created_at)
        .where(_matches(query, newest), *within(narrowed, newest), visible_to(viewer, newest))
        .order_by(newest.c.created_at.desc(), newest.c.id.desc())
        .limit(request.first + 1)
        .cte("recent")
    )


def _matches(query: str, seen: FromClause = photos) -> ColumnElement[bool]:
    return seen.c.words.bool_op("@@")(cast(query, TSQUERY))
