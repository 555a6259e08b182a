"""Who follows whom, and who waits to be let in."""

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    FromClause,
    Select,
    Table,
    and_,
    any_,
    case,
    delete,
    exists,
    func,
    literal,
    or_,
    select,
    union_all,
    update,
)
from sqlalchemy.dialects.postgresql import insert as upsert

from storage import notifications
from storage.database import Way, Writing, columns, values
from storage.edges import Edge
from storage.pages import any_page, asked, each, entry_of, newest_first, page_of_each, pages
from storage.reads import IDS, VIEWER, Read, first, rows
from storage.refusals import Missing, NotAllowed
from storage.rows import Cursor, FollowState, NotificationKind, Page, PageRequest, UserId, UserRow
from storage.tables import follow_requests, follows, users
from storage.visibility import Asking, hidden_from, hidden_of, user_visible_to

_ONE = literal(1)


async def add(tx: Writing, follower: UserId, followee: UserId) -> FollowState:
    """Follow, or ask to follow when the account is private. Again changes nothing.

    Raises Missing for a user that the follower may not know of, NotAllowed for oneself.
    """
    if follower == followee:
        raise NotAllowed("you cannot follow yourself", "id")
    if await lock(tx, follower, followee) and not await is_following(tx, follower, followee):
        asked = upsert(follow_requests).values(follower_id=follower, followee_id=followee)
        if await values(tx, asked.on_conflict_do_nothing().returning(_ONE)):
            await notifications.tell(tx, followee, NotificationKind.FOLLOW_REQUEST, follower)
        return FollowState.REQUESTED
    added = await values(
        tx,
        upsert(follows)
        .values(follower_id=follower, followee_id=followee)
        .on_conflict_do_nothing()
        .returning(follows.c.followee_id),
    )
    if added:
        await count(tx, follower, followee, 1)
        await notifications.tell(tx, followee, NotificationKind.FOLLOW, follower)
    return FollowState.FOLLOWING


async def remove(tx: Writing, follower: UserId, followee: UserId) -> None:
    """Unfollow, and withdraw a request that waits. Again changes nothing.

    Raises Missing for a user that the follower may not know of.
    """
    await lock(tx, follower, followee)
    await _end(tx, follower, followee)


async def remove_follower(tx: Writing, followee: UserId, follower: UserId) -> None:
    """Make someone follow no longer, without a word to them. Again changes nothing.

    Raises Missing for a user that the followee may not know of.
    """
    await lock(tx, followee, follower)
    await _end(tx, follower, followee)


async def sever(tx: Writing, one: UserId, other: UserId) -> None:
    """End what is between the two, in both directions; the caller has locked both."""
    await _end(tx, one, other)
    await _end(tx, other, one)


async def _end(tx: Writing, follower: UserId, followee: UserId) -> None:
    asked = delete(follow_requests).where(between(follow_requests, follower, followee))
    if await values(tx, asked.returning(_ONE)):
        await notifications.withdraw(tx, followee, NotificationKind.FOLLOW_REQUEST, follower)
    followed = delete(follows).where(between(follows, follower, followee))
    if await values(tx, followed.returning(_ONE)):
        await count(tx, follower, followee, -1)
        await notifications.withdraw(tx, followee, NotificationKind.FOLLOW, follower)
        await notifications.withdraw(tx, follower, NotificationKind.FOLLOW_ACCEPTED, followee)


_TABLES: Final = {FollowState.FOLLOWING: follows, FollowState.REQUESTED: follow_requests}


def _states(table: Table, state: FollowState) -> Select[Any]:
    is_meant = between(table, VIEWER, any_(IDS))
    return select(table.c.followee_id, literal(state.value)).where(is_meant)


def _is_pair(
    table: Table, follower: ColumnElement[Any], followee: ColumnElement[Any]
) -> ColumnElement[bool]:
    return exists(select(_ONE).where(between(table, follower, followee)).correlate_except(table))


def between(
    table: FromClause,
    follower: UserId | ColumnElement[Any],
    followee: UserId | ColumnElement[Any],
) -> ColumnElement[bool]:
    """True for the row of that pair."""
    return and_(table.c.follower_id == follower, table.c.followee_id == followee)


STATES: Final = Read.of(
    union_all(*(_states(table, state) for state, table in _TABLES.items())),
    lambda record: (UserId(record[0]), FollowState(record[1])),
)


# How the viewer follows the user whose id an entry has; null for not at all.
ALONG: Final = Edge(
    "follow_states",
    lambda key, viewer: select(
        case(*((_is_pair(table, viewer, key), state.value) for state, table in _TABLES.items()))
    ),
    FollowState | None,
    is_of_viewer=True,
)
# Whether that user follows the viewer.
ALONG_BACK: Final = Edge(
    "follows_viewer",
    lambda key, viewer: select(_is_pair(follows, key, viewer)),
    bool | None,
    is_of_viewer=True,
)


async def states(way: Way, viewer: UserId, others: Sequence[UserId]) -> dict[UserId, FollowState]:
    """How *viewer* follows each of the others; who is not followed is absent."""
    return dict(await rows(way, STATES, viewer=viewer, ids=others))


BACK: Final[Read[UserId]] = Read.of(
    select(follows.c.follower_id).where(between(follows, any_(IDS), VIEWER)), first
)


async def following_viewer(way: Way, viewer: UserId, others: Sequence[UserId]) -> set[UserId]:
    """Those of the others who follow *viewer*."""
    return set(await rows(way, BACK, viewer=viewer, ids=others))


async def followers(
    way: Way, followees: Sequence[UserId], request: PageRequest, viewer: UserId | None
) -> dict[UserId, Page[UserRow]]:
    """For each user one page of their followers that *viewer* may know of, the latest first."""
    read = _listed("followee_id", "follower_id", viewer is None, request.after is None)
    found = await rows(way, read, ids=followees, viewer=viewer, **asked(request))
    return pages(request, followees, found)


async def following(
    way: Way, followers: Sequence[UserId], request: PageRequest, viewer: UserId | None
) -> dict[UserId, Page[UserRow]]:
    """For each user one page of those they follow that *viewer* may know of, the latest first."""
    read = _listed("follower_id", "followee_id", viewer is None, request.after is None)
    found = await rows(way, read, ids=followers, viewer=viewer, **asked(request))
    return pages(request, followers, found)


def _hidden_of(of: str, others: str) -> Callable[[ColumnElement[Any], Asking], Select[Any]]:
    user, other = follows.c[of], follows.c[others]
    return lambda key, viewer: (
        select(func.count())
        .where(user == key, other.in_(hidden_from(viewer)))
        .correlate_except(follows)
    )


# How many of each are hidden from the viewer, of the user whose id an entry has.
HIDDEN_FOLLOWERS: Final = hidden_of("hidden_followers", _hidden_of("followee_id", "follower_id"))
HIDDEN_FOLLOWING: Final = hidden_of("hidden_following", _hidden_of("follower_id", "followee_id"))


@cache
def _listed(
    of: str,
    others: str,
    is_guest: bool,  # noqa: FBT001 - As above.
    is_first: bool,  # noqa: FBT001
) -> Read[tuple[UserId, UserRow, Cursor]]:
    parents, user, other = each(IDS), follows.c[of], follows.c[others]
    one_page = newest_first(
        select(follows.c.created_at.label("followed_at"), *columns(users, UserRow))
        .join(users, users.c.id == other)
        .where(user == parents.c.id, user_visible_to(None if is_guest else VIEWER)),
        follows.c.created_at,
        other,
        any_page(is_first=is_first),
    )
    return Read.of(page_of_each(parents, one_page), entry_of(UserRow))


async def is_following(tx: Writing, follower: UserId, followee: UserId) -> bool:
    """Whether the one follows the other."""
    found = await values(
        tx, select(follows.c.followee_id).where(between(follows, follower, followee))
    )
    return bool(found)


async def lock(tx: Writing, viewer: UserId, other: UserId) -> bool:
    """Keep others from changing what lies between the two; True when the other is private.

    The rows are locked in the order of the ids, so that two who follow each other never wait
    for each other. Raises Missing for another that *viewer* may not know of.
    """
    both = (
        select(users.c.id, users.c.is_private)
        .where(
            users.c.id.in_([viewer, other]),
            or_(users.c.id == viewer, user_visible_to(viewer)),
        )
        .order_by(users.c.id)
        .with_for_update(key_share=True, of=users)
    )
    found: dict[UserId, bool] = dict((await tx.execute(both)).all())
    if other not in found:
        raise Missing("there is no such user", "id")
    return found[other]


async def count(tx: Writing, follower: UserId, followee: UserId, change: int) -> None:
    """Count one follow more or less for both."""
    await tx.execute(
        update(users)
        .where(users.c.id.in_([follower, followee]))
        .values(
            following_count=users.c.following_count
            + case((users.c.id == follower, change), else_=0),
            follower_count=users.c.follower_count + case((users.c.id == followee, change), else_=0),
        )
    )
