"""Who may see what: the one place that decides it, used by every query that reads."""

from sqlalchemy import ColumnElement, and_, exists, false, or_, select, true
from sqlalchemy.sql import FromClause

from storage.rows import PhotoStatus, UserId, Visibility
from storage.tables import blocks, follows, photos, users


def visible_to(viewer: UserId | None, seen: FromClause = photos) -> ColumnElement[bool]:
    """True for the photos that *viewer* may see; None is a guest.

    The owner sees each of their photos in every state. Anyone else sees READY ones only:
    public ones of accounts that are not private, and as a follower also those for followers.
    A block hides both ways.
    """
    is_public = and_(seen.c.visibility == Visibility.PUBLIC, _is_open(seen.c.owner_id))
    if viewer is None:
        return and_(seen.c.status == PhotoStatus.READY, is_public)
    is_for_followers = and_(
        seen.c.visibility.in_([Visibility.PUBLIC, Visibility.FOLLOWERS]),
        follows_owner(viewer, seen.c.owner_id),
    )
    shown = and_(
        seen.c.status == PhotoStatus.READY,
        or_(is_public, is_for_followers),
        not_blocked(viewer, seen.c.owner_id),
    )
    return or_(seen.c.owner_id == viewer, shown)


def user_visible_to(viewer: UserId | None) -> ColumnElement[bool]:
    """True for the users that *viewer* may know of: everyone but those a block stands between."""
    return true() if viewer is None else not_blocked(viewer, users.c.id)


def follows_owner(viewer: UserId, owner_id: ColumnElement[object]) -> ColumnElement[bool]:
    """True where *viewer* follows that user."""
    return exists(
        select(1).where(follows.c.follower_id == viewer, follows.c.followee_id == owner_id)
    )


def not_blocked(viewer: UserId | None, other: ColumnElement[object]) -> ColumnElement[bool]:
    """True where no block stands between *viewer* and that user, in either direction."""
    if viewer is None:
        return ~false()
    either_way = or_(
        and_(blocks.c.blocker_id == viewer, blocks.c.blocked_id == other),
        and_(blocks.c.blocker_id == other, blocks.c.blocked_id == viewer),
    )
    return ~exists(select(1).where(either_way))


def _is_open(owner_id: ColumnElement[object]) -> ColumnElement[bool]:
    owner = users.alias("owner")
    return exists(select(1).where(owner.c.id == owner_id, ~owner.c.is_private))
