"""Who may see what: the one place that decides it, used by every query that reads.

A condition holds for the row that it is given, however deep in a statement it stands.
"""

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any, Final

from sqlalchemy import (
    CTE,
    BindParameter,
    ColumnElement,
    Exists,
    Select,
    Table,
    and_,
    case,
    exists,
    false,
    or_,
    select,
    true,
)
from sqlalchemy.sql import FromClause

from storage.database import Way
from storage.edges import Edge
from storage.pages import each
from storage.reads import IDS, KNOWS_ALL, VIEWER, Read, first, pair, rows
from storage.rows import PhotoStatus, UserId, Visibility
from storage.tables import blocks, cases, departures, follows, moderators, photos, users

# One user, or in a statement over many users the column of their ids.
Viewer = UserId | ColumnElement[UserId]
# Whom a hot read is sent for: VIEWER or KNOWS_ALL, or None for a guest.
Asking = BindParameter[Any] | None


def visible_to(viewer: Viewer | None, seen: FromClause = photos) -> ColumnElement[bool]:
    """True for the photos that *viewer* may see; None is a guest.

    The owner sees each of their photos in every state. Anyone else sees READY ones only:
    public ones of accounts that are not private, and as a follower also those for followers.
    A block hides both ways. The photos of an account that is being deleted are hidden at once.
    """
    if viewer is None:
        return and_(seen.c.status == PhotoStatus.READY, is_public(seen), is_here(seen.c.owner_id))
    is_to_follower = and_(_is_for_followers(seen), follows_owner(viewer, seen.c.owner_id))
    shown = and_(
        seen.c.status == PhotoStatus.READY,
        or_(is_public(seen), is_to_follower),
        knows(viewer, seen.c.owner_id),
    )
    return or_(seen.c.owner_id == viewer, shown)


def followees(viewer: Viewer) -> Select[tuple[UserId]]:
    """The ids of those whom *viewer* follows and may know of."""
    followed = and_(follows.c.follower_id == viewer, knows(viewer, follows.c.followee_id))
    return select(follows.c.followee_id.label("id")).where(followed)


def shown_to_followers(seen: FromClause = photos) -> ColumnElement[bool]:
    """True for the photos that are visible to everyone who has their owner among `followees`.

    It is what `visible_to` says of them, without asking again of each photo who follows whom.
    """
    return and_(seen.c.status == PhotoStatus.READY, _is_for_followers(seen))


def is_public(seen: FromClause = photos) -> ColumnElement[bool]:
    """True for the photos that are for everybody, so that anyone may have their bytes."""
    return and_(seen.c.visibility == Visibility.PUBLIC, _is_open(seen.c.owner_id))


def user_visible_to(viewer: Viewer | None) -> ColumnElement[bool]:
    """True for the users that *viewer* may know of: everyone but those a block stands between."""
    return knows(viewer, users.c.id)


def knows(viewer: Viewer | None, other: ColumnElement[object]) -> ColumnElement[bool]:
    """True where *viewer* may know of that user."""
    return true() if viewer is KNOWS_ALL else and_(not_blocked(viewer, other), is_here(other))


def is_here(user_id: ColumnElement[object]) -> ColumnElement[bool]:
    """True unless that account is being deleted; few are at any time, and mostly none."""
    return or_(nobody_leaves(), ~_any(departures, departures.c.user_id == user_id))


def nobody_leaves() -> ColumnElement[bool]:
    """True while no account at all is being deleted, which a statement finds out once.

    Even an empty table is not free to read: each time the system is asked how long it is.
    """
    return ~_any(departures)


def follows_owner(viewer: Viewer, owner_id: ColumnElement[object]) -> ColumnElement[bool]:
    """True where *viewer* follows that user."""
    return _any(follows, and_(follows.c.follower_id == viewer, follows.c.followee_id == owner_id))


def not_blocked(viewer: Viewer | None, other: ColumnElement[object]) -> ColumnElement[bool]:
    """True where no block stands between *viewer* and that user, in either direction."""
    if viewer is None:
        return ~false()
    if isinstance(viewer, ColumnElement) and not isinstance(viewer, BindParameter):
        return ~_any(blocks, separates(viewer, other))
    # Mostly there is no block of the viewer at all, which is found out once. Else it is looked up
    # as a value: of an existence PostgreSQL might read all of somebody's blocks, which are many
    # where many block one person.
    has_none = and_(
        ~_any(blocks, blocks.c.blocker_id == viewer), ~_any(blocks, blocks.c.blocked_id == viewer)
    )
    return or_(has_none, and_(_no_block(viewer, other), _no_block(other, viewer)))


def _no_block(blocker: Any, blocked: Any) -> ColumnElement[bool]:
    between = and_(blocks.c.blocker_id == blocker, blocks.c.blocked_id == blocked)
    found = select(blocks.c.created_at).where(between).correlate_except(blocks)
    return found.scalar_subquery().is_(None)


def separates(one: Viewer, other: ColumnElement[object]) -> ColumnElement[bool]:
    """True for the rows of `blocks` that stand between the two, whoever blocked whom."""
    return or_(
        and_(blocks.c.blocker_id == one, blocks.c.blocked_id == other),
        and_(blocks.c.blocker_id == other, blocks.c.blocked_id == one),
    )


def judged_by(viewer: UserId, subject: ColumnElement[bool]) -> ColumnElement[bool]:
    """True when *viewer* is a moderator, and a case about *subject* is open.

    What nobody reported and nothing holds, a moderator sees as everybody else does.
    """
    is_moderator = _any(moderators, moderators.c.user_id == viewer)
    return and_(is_moderator, _any(cases, and_(cases.c.closed_at.is_(None), subject)))


def hidden_from(viewer: Asking) -> Select[tuple[UserId]]:
    """The ids of those whom *viewer* may not know of, perhaps twice; mostly few or none.

    They are those a block stands between, and those whose account is being deleted.
    """
    return select(_hidden(viewer).c.id)


def hides(viewer: Asking) -> ColumnElement[bool]:
    """Whether there is anybody in `hidden_from`, which a statement finds out once."""
    return exists(select(1).select_from(_hidden(viewer)))


def leaving_hides(viewer: Asking) -> ColumnElement[bool | None]:
    """Whether somebody is hidden by leaving; false if it is by a block, null where nobody is."""
    return select(_hidden(viewer).c.is_leaving).limit(1).scalar_subquery()


def _hidden(viewer: Asking) -> CTE:
    # One for all of a statement: the parts of a plan cost something even if they never run.
    if viewer is None:
        return _FROM_GUESTS
    if viewer is not VIEWER:
        raise TypeError("only of the viewer of the statement")
    return _FROM_VIEWER


def _all_hidden() -> CTE:
    by_viewer = select(blocks.c.blocked_id, false()).where(blocks.c.blocker_id == VIEWER)
    by_others = select(blocks.c.blocker_id, false()).where(blocks.c.blocked_id == VIEWER)
    return _leaving().union_all(by_viewer, by_others).cte("hidden")


def _leaving() -> Select[tuple[UserId, bool]]:
    return select(departures.c.user_id.label("id"), true().label("is_leaving"))


_FROM_VIEWER: Final = _all_hidden()
_FROM_GUESTS: Final = _leaving().cte("hidden")


def hidden_of(name: str, counted: Callable[[ColumnElement[Any], Asking], Select[Any]]) -> Edge:
    """How much of something is hidden from the viewer: *counted* by its key.

    Mostly nobody is hidden from them, and then nothing is counted: it is null.
    """
    return Edge(
        name,
        lambda key, viewer: select(case((hides(viewer), counted(key, viewer).scalar_subquery()))),
        int | None,
        counts_hidden=True,
    )


async def hidden(
    way: Way, edge: Edge, viewer: UserId | None, ids: Sequence[Any]
) -> dict[Any, int | None]:
    """How much is hidden from *viewer* of each of the *ids*, by such an edge; null for nothing."""
    return dict(await rows(way, _hidden_by(edge, viewer is None), viewer=viewer, ids=ids))


@cache
def _hidden_by(edge: Edge, is_guest: bool) -> Read[tuple[Any, int | None]]:  # noqa: FBT001 - Told apart by it.
    keys = each(IDS)
    counted = edge.of(keys.c.id, None if is_guest else VIEWER)
    return Read.of(select(keys.c.id, counted.scalar_subquery()), pair)


async def hides_anybody(way: Way, viewer: UserId | None) -> bool:
    """Whether there is anybody whom *viewer* may not know of."""
    (found,) = await rows(way, _hides_anybody(viewer is None), viewer=viewer)
    return found


@cache
def _hides_anybody(is_guest: bool) -> Read[bool]:  # noqa: FBT001 - Told apart by nothing else.
    return Read.of(select(hides(None if is_guest else VIEWER)), first)


def _is_for_followers(seen: FromClause) -> ColumnElement[bool]:
    return seen.c.visibility.in_([Visibility.PUBLIC, Visibility.FOLLOWERS])


def _is_open(owner_id: ColumnElement[object]) -> ColumnElement[bool]:
    # Asked as a value: of an existence PostgreSQL would rather read every user beforehand.
    owner = users.alias("owner")
    is_open = select(~owner.c.is_private).where(owner.c.id == owner_id)
    return is_open.correlate_except(owner).scalar_subquery()


def _any(table: Table, *conditions: ColumnElement[bool]) -> Exists:
    # By itself SQLAlchemy ties a column to the statement directly around, and to none further out.
    found = select(1).select_from(table).where(*conditions)
    return exists(found.correlate_except(table))
