"""Who may see what: the one place that decides it, used by every query that reads."""

from sqlalchemy import ColumnElement, Select, and_, exists, false, or_, select
from sqlalchemy.sql import FromClause

from storage.rows import PhotoStatus, UserId, Visibility
from storage.tables import blocks, departures, follows, photos, users

# One user, or in a statement over many users the column of their ids. SQLAlchemy ties such a
# column to the statement that encloses the condition directly, and to none further out.
Viewer = UserId | ColumnElement[UserId]


def visible_to(viewer: Viewer | None, seen: FromClause = photos) -> ColumnElement[bool]:
    """True for the photos that *viewer* may see; None is a guest.

    The owner sees each of their photos in every state. Anyone else sees READY ones only:
    public ones of accounts that are not private, and as a follower also those for followers.
    A block hides both ways. The photos of an account that is being deleted are hidden at once.
    """
    if viewer is None:
        return and_(seen.c.status == PhotoStatus.READY, is_public(seen), is_here(seen.c.owner_id))
    is_for_followers = and_(
        seen.c.visibility.in_([Visibility.PUBLIC, Visibility.FOLLOWERS]),
        follows_owner(viewer, seen.c.owner_id),
    )
    shown = and_(
        seen.c.status == PhotoStatus.READY,
        or_(is_public(seen), is_for_followers),
        not_blocked(viewer, seen.c.owner_id),
        is_here(seen.c.owner_id),
    )
    return or_(seen.c.owner_id == viewer, shown)


def is_public(seen: FromClause = photos) -> ColumnElement[bool]:
    """True for the photos that are for everybody, so that anyone may have their bytes."""
    return and_(seen.c.visibility == Visibility.PUBLIC, _is_open(seen.c.owner_id))


def user_visible_to(viewer: UserId | None) -> ColumnElement[bool]:
    """True for the users that *viewer* may know of: everyone but those a block stands between."""
    return and_(is_here(users.c.id), not_blocked(viewer, users.c.id))


def is_here(user_id: ColumnElement[object]) -> ColumnElement[bool]:
    """True unless that account is being deleted; few are at any time, and mostly none."""
    return ~exists(select(1).where(departures.c.user_id == user_id))


def follows_owner(viewer: Viewer, owner_id: ColumnElement[object]) -> ColumnElement[bool]:
    """True where *viewer* follows that user."""
    return exists(
        select(1).where(follows.c.follower_id == viewer, follows.c.followee_id == owner_id)
    )


def not_blocked(viewer: Viewer | None, other: ColumnElement[object]) -> ColumnElement[bool]:
    """True where no block stands between *viewer* and that user, in either direction."""
    if viewer is None:
        return ~false()
    return ~exists(select(1).where(separates(viewer, other)))


def separates(one: Viewer, other: ColumnElement[object]) -> ColumnElement[bool]:
    """True for the rows of `blocks` that stand between the two, whoever blocked whom."""
    return or_(
        and_(blocks.c.blocker_id == one, blocks.c.blocked_id == other),
        and_(blocks.c.blocker_id == other, blocks.c.blocked_id == one),
    )


def hidden_from(viewer: UserId) -> Select[tuple[UserId]]:
    """The ids of those a block stands between and *viewer*; mostly few or none."""
    by_viewer = select(blocks.c.blocked_id.label("id")).where(blocks.c.blocker_id == viewer)
    by_others = select(blocks.c.blocker_id).where(blocks.c.blocked_id == viewer)
    return select(by_viewer.union(by_others).subquery("hidden").c.id)


def _is_open(owner_id: ColumnElement[object]) -> ColumnElement[bool]:
    # Asked as a value: of an existence PostgreSQL would rather read every user beforehand.
    owner = users.alias("owner")
    return select(~owner.c.is_private).where(owner.c.id == owner_id).scalar_subquery()
