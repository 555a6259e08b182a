"""The home feed: READY photos of those a user follows, and their own."""

from datetime import timedelta
from functools import lru_cache
from typing import Any, Final

from sqlalchemy import (
    CTE,
    ColumnElement,
    DateTime,
    Float,
    Select,
    Subquery,
    Table,
    case,
    cast,
    func,
    select,
    text,
    true,
    tuple_,
    union_all,
)
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.sql import FromClause, literal

from storage.along import Along, Wide
from storage.database import Way
from storage.edges import MOST_KEPT, Edges
from storage.pages import any_page, asked, newest_first, page, page_by_time
from storage.photos import COLUMNS
from storage.reads import VIEWER
from storage.rows import (
    Page,
    PageRequest,
    PhotoRow,
    PhotoStatus,
    Place,
    ScoredRequest,
    UserId,
)
from storage.tables import comments, follows, likes, photos, users
from storage.visibility import Viewer, followees, shown_to_followers

# TOP chooses among so many photos of so many days.
CANDIDATES: Final = 500
CANDIDATES_OF: Final = timedelta(days=7)
# A like that is younger may not be committed yet where another page is read.
SETTLED: Final = timedelta(seconds=10)
# Who follows so many looks through so many photos of everybody first; what that gains, and
# what it costs in vain, is in docs/decisions/feed.md.
MANY_FOLLOWED: Final = 2_000
STEPS: Final = 500
COMMENT_WEIGHT: Final = 2
GRAVITY: Final = 1.5


async def recent(
    way: Way, viewer: UserId, request: PageRequest, along: Along | None = None
) -> Page[PhotoRow]:
    """Strictly newest first; the cost grows with the people followed, not with their photos.

    Each followee is asked for one photo from the index over what followers see. The page can only
    be of those whose one is among the newest, so no others are asked for a page; and where these
    ones alone fill the page, for nothing that is older than all of them.

    Who follows many mostly has a page among the next few photos of everybody. These are looked
    through before, and where they fill the page no followee is asked. That is a statement of its
    own, for nearly everybody follows few.
    """
    is_first, edges = request.after is None, along.wanted.photos if along else ()
    values = {"viewer": viewer, **asked(request)}
    found = await _of_few(is_first, edges).rows_if_read(way, along, **values)
    if found is None:
        found = await _of_many(is_first, edges).rows(way, along, **values)
    return page_by_time(request, found)


@lru_cache(MOST_KEPT)
def _of_few(is_first: bool, edges: Edges) -> Wide[PhotoRow]:  # noqa: FBT001 - Told apart by it.
    """Not read for who follows many."""
    request = any_page(is_first=is_first)

    def one_page(viewer: Any) -> Select[Any]:
        return _page(viewer, request, _of_followees(viewer, request))

    is_many = users.c.following_count >= MANY_FOLLOWED
    follows_many = select(is_many).where(users.c.id == VIEWER).scalar_subquery()
    return Wide(one_page, PhotoRow, edges, is_guest=False, unless=follows_many)


@lru_cache(MOST_KEPT)
def _of_many(is_first: bool, edges: Edges) -> Wide[PhotoRow]:  # noqa: FBT001 - As above.
    request = any_page(is_first=is_first)

    def one_page(viewer: Any) -> Select[Any]:
        met = _met(viewer, request)
        is_page = select(func.count() > request.first).select_from(met).scalar_subquery()
        walked, asked_for = select(met).where(is_page), _of_followees(viewer, request, ~is_page)
        return _page(viewer, request, walked, asked_for)

    return Wide(one_page, PhotoRow, edges, is_guest=False)


def _page(viewer: Viewer, request: PageRequest, *theirs: Select[Any]) -> Select[Any]:
    """The newest of *theirs* and of the viewer's own."""
    own = newest_first(_own(COLUMNS, viewer), photos.c.created_at, photos.c.id, request)
    entries = union_all(*theirs, own).subquery("entries")
    return _newest(select(entries), entries, request)


def _met(viewer: Viewer, request: PageRequest) -> CTE:
    """Up to one page of photos of followees, met on a walk through the next photos of everybody."""
    at, id = photos.c.created_at, photos.c.id
    shown = select(*COLUMNS).where(shown_to_followers())
    walked = newest_first(shown, at, id, request).limit(STEPS).subquery("walked")
    followed = followees(viewer).where(follows.c.followee_id == walked.c.owner_id)
    # Asked as a value: for a join PostgreSQL might read all the follows beforehand.
    is_met = followed.correlate(walked).scalar_subquery().is_not(None)
    return _newest(select(walked).where(is_met), walked, request).cte("met")


def _of_followees(
    viewer: Viewer, request: PageRequest, *conditions: ColumnElement[bool]
) -> Select[Any]:
    followed = followees(viewer).where(*conditions).subquery("followed")
    latest = _entries(followed, [photos.c.created_at, photos.c.id], request, 1)
    each = select(followed.c.id, latest.c.created_at).join_from(followed, latest, true())
    busiest = _bounded(_newest(each, latest, request).subquery("named"), request)
    entries = _entries(busiest, COLUMNS, request, request.first + 1, busiest.c.since)
    return select(entries).select_from(busiest.join(entries, true()))


def _bounded(named: FromClause, request: PageRequest) -> FromClause:
    """Those followees, each with the time before which nothing is of the page."""
    is_full = func.count().over() > request.first
    since = case((is_full, func.min(named.c.created_at).over()), else_=text("'-infinity'"))
    return select(named.c.id, since.label("since")).subquery("busiest")


def _entries(
    followed: FromClause,
    chosen: list[ColumnElement[Any]],
    request: PageRequest,
    most: Any,
    since: ColumnElement[Any] | None = None,
) -> FromClause:
    """Of each followee as many as that, the newest, and none from before *since*."""
    of_one = _of_one(chosen, followed)
    if since is not None:
        of_one = of_one.where(photos.c.created_at >= since)
    newest = newest_first(of_one, photos.c.created_at, photos.c.id, request)
    return newest.limit(most).lateral("entry")


def _newest(chosen: Select[Any], entries: FromClause, request: PageRequest) -> Select[Any]:
    """As many of the *chosen* as one page needs, the newest of all these entries."""
    newest = chosen.order_by(entries.c.created_at.desc(), entries.c.id.desc())
    return newest.limit(request.first + 1)


async def top(
    connection: AsyncConnection, viewer: UserId, request: ScoredRequest
) -> Page[PhotoRow]:
    """The best of the last days first, as things stood when the first page was read.

    A place carries that moment. Photos, likes and comments that came later do not count, so
    nothing moves while somebody scrolls.
    """
    began_at = (
        literal(request.after.created_at, DateTime(timezone=True)) if request.after else func.now()
    )
    candidates = _candidates(viewer, began_at)
    score = _score(candidates, began_at).label("score")
    scored = select(candidates.c.id, score, began_at.label("began_at")).subquery("scored")
    best = (
        select(*COLUMNS, scored.c.score, scored.c.began_at)
        .join(photos, photos.c.id == scored.c.id)
        .order_by(scored.c.score.desc(), scored.c.id.desc())
        .limit(request.first + 1)
    )
    if request.after is not None:
        place = (literal(request.after.score, Float), literal(request.after.id, photos.c.id.type))
        best = best.where(tuple_(scored.c.score, scored.c.id) < tuple_(*place))
    rows, places = [], []
    for *values, scored_as, began in await connection.execute(best):
        row = PhotoRow(*values)
        rows.append(row)
        places.append(Place(began, row.id, scored_as))
    return page(request, rows, places)


def _of_one(chosen: list[ColumnElement[Any]], followed: FromClause) -> Select[Any]:
    return select(*chosen).where(photos.c.owner_id == followed.c.id, shown_to_followers())


def _own(chosen: list[ColumnElement[Any]], viewer: Viewer) -> Select[Any]:
    return select(*chosen).where(photos.c.owner_id == viewer, photos.c.status == PhotoStatus.READY)


def _candidates(viewer: UserId, began_at: ColumnElement[Any]) -> Subquery:
    followed = followees(viewer).subquery("followed")
    counted: list[ColumnElement[Any]] = [
        photos.c.id,
        photos.c.created_at,
        photos.c.like_count,
        photos.c.comment_count,
    ]
    of_one = _latest(_of_one(counted, followed), began_at).lateral("entry")
    both = union_all(
        select(of_one).select_from(followed.join(of_one, true())),
        _latest(_own(counted, viewer), began_at),
    ).subquery("both")
    newest = select(both).order_by(both.c.created_at.desc(), both.c.id.desc())
    return newest.limit(CANDIDATES).subquery("candidates")


def _latest(chosen: Select[Any], began_at: ColumnElement[Any]) -> Select[Any]:
    """Of them those that TOP may choose."""
    at = photos.c.created_at
    of_these_days = chosen.where(at <= began_at, at > began_at - CANDIDATES_OF)
    return of_these_days.order_by(at.desc(), photos.c.id.desc()).limit(CANDIDATES)


def _score(candidates: Subquery, began_at: ColumnElement[Any]) -> ColumnElement[float]:
    # The counters less what came since: few rows to count, however popular the photo.
    later_likes = _later(likes, candidates, began_at).scalar_subquery()
    later_comments = (
        _later(comments, candidates, began_at).where(comments.c.body.is_not(None)).scalar_subquery()
    )
    known_likes = candidates.c.like_count - later_likes
    known_comments = candidates.c.comment_count - later_comments
    age_s = cast(func.extract("epoch", began_at - candidates.c.created_at), Float)
    worth = 1 + known_likes + COMMENT_WEIGHT * known_comments
    return cast(worth / func.power(age_s / 3600 + 2, GRAVITY), Float)


def _later(counted: Table, candidates: Subquery, began_at: ColumnElement[Any]) -> Select[int]:
    return select(func.count()).where(
        counted.c.photo_id == candidates.c.id, counted.c.created_at > began_at - SETTLED
    )
