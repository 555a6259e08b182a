"""Who follows whom, and who waits to be let in."""

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import ColumnElement, FromClause, and_, case, delete, insert, or_, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.database import Writing, columns, values
from storage.pages import each, newest_first, page_of_each, pages
from storage.refusals import Missing, NotAllowed
from storage.rows import Cursor, FollowState, Page, PageRequest, UserId, UserRow
from storage.tables import follow_requests, follows, users
from storage.visibility import user_visible_to


async def add(tx: Writing, follower: UserId, followee: UserId) -> FollowState:
    """Follow, or ask to follow when the account is private. Again changes nothing.

    Raises Missing for a user that the follower may not know of, NotAllowed for oneself.
    """
    if follower == followee:
        raise NotAllowed("you cannot follow yourself", "id")
    if await _lock(tx, follower, followee) and not await _follows(tx, follower, followee):
        await tx.execute(
            upsert(follow_requests)
            .values(follower_id=follower, followee_id=followee)
            .on_conflict_do_nothing()
        )
        return FollowState.REQUESTED
    added = await values(
        tx,
        upsert(follows)
        .values(follower_id=follower, followee_id=followee)
        .on_conflict_do_nothing()
        .returning(follows.c.followee_id),
    )
    if added:
        await _count(tx, follower, followee, 1)
    return FollowState.FOLLOWING


async def remove(tx: Writing, follower: UserId, followee: UserId) -> None:
    """Unfollow, and withdraw a request that waits. Again changes nothing.

    Raises Missing for a user that the follower may not know of.
    """
    await _lock(tx, follower, followee)
    await tx.execute(delete(follow_requests).where(_between(follow_requests, follower, followee)))
    removed = await values(
        tx,
        delete(follows)
        .where(_between(follows, follower, followee))
        .returning(follows.c.followee_id),
    )
    if removed:
        await _count(tx, follower, followee, -1)


async def accept_all(tx: Writing, followee: UserId) -> None:
    """Let in everyone who waits, as when an account becomes public.

    Whoever asks meanwhile waits until the transaction ends, and finds the account as it is then.
    """
    waiting = select(follow_requests.c.follower_id).where(follow_requests.c.followee_id == followee)
    # The counters are locked in the order of the ids, as everywhere: two never wait for each other.
    everyone = or_(users.c.id == followee, users.c.id.in_(waiting))
    await tx.execute(
        select(users.c.id).where(everyone).order_by(users.c.id).with_for_update(key_share=True)
    )
    let_in = await values(
        tx,
        delete(follow_requests)
        .where(follow_requests.c.followee_id == followee)
        .returning(follow_requests.c.follower_id),
    )
    if let_in:
        pairs = [{"follower_id": follower, "followee_id": followee} for follower in let_in]
        await tx.execute(insert(follows), pairs)
        await _count_up(tx, let_in, followee)


async def _count_up(tx: Writing, followers: Sequence[UserId], followee: UserId) -> None:
    await tx.execute(
        update(users)
        .where(users.c.id.in_(followers))
        .values(following_count=users.c.following_count + 1)
    )
    await tx.execute(
        update(users)
        .where(users.c.id == followee)
        .values(follower_count=users.c.follower_count + len(followers))
    )


async def states(
    connection: AsyncConnection, viewer: UserId, others: Sequence[UserId]
) -> dict[UserId, FollowState]:
    """How *viewer* follows each of the others; who is not followed is absent."""
    following = select(follows.c.followee_id, case((follows.c.follower_id == viewer, "FOLLOWING")))
    asked = select(
        follow_requests.c.followee_id, case((follow_requests.c.follower_id == viewer, "REQUESTED"))
    )
    statement = following.where(
        follows.c.follower_id == viewer, follows.c.followee_id.in_(others)
    ).union_all(
        asked.where(
            follow_requests.c.follower_id == viewer, follow_requests.c.followee_id.in_(others)
        )
    )
    return {id: FollowState(state) for id, state in await connection.execute(statement)}


async def following_viewer(
    connection: AsyncConnection, viewer: UserId, others: Sequence[UserId]
) -> set[UserId]:
    """Those of the others who follow *viewer*."""
    statement = select(follows.c.follower_id).where(
        follows.c.followee_id == viewer, follows.c.follower_id.in_(others)
    )
    return set(await values(connection, statement))


async def followers(
    connection: AsyncConnection,
    followees: Sequence[UserId],
    request: PageRequest,
    viewer: UserId | None,
) -> dict[UserId, Page[UserRow]]:
    """For each user one page of their followers that *viewer* may know of, the latest first."""
    return await _listed(
        connection,
        followees,
        request,
        viewer,
        of=follows.c.followee_id,
        listed=follows.c.follower_id,
    )


async def following(
    connection: AsyncConnection,
    followers: Sequence[UserId],
    request: PageRequest,
    viewer: UserId | None,
) -> dict[UserId, Page[UserRow]]:
    """For each user one page of those they follow that *viewer* may know of, the latest first."""
    return await _listed(
        connection,
        followers,
        request,
        viewer,
        of=follows.c.follower_id,
        listed=follows.c.followee_id,
    )


async def _listed(
    connection: AsyncConnection,
    ids: Sequence[UserId],
    request: PageRequest,
    viewer: UserId | None,
    *,
    of: ColumnElement[UserId],
    listed: ColumnElement[UserId],
) -> dict[UserId, Page[UserRow]]:
    parents = each(ids)
    one_page = newest_first(
        select(follows.c.created_at.label("followed_at"), *columns(users, UserRow))
        .join(users, users.c.id == listed)
        .where(of == parents.c.id, user_visible_to(viewer)),
        follows.c.created_at,
        listed,
        request,
    )
    answer = await connection.execute(page_of_each(parents, one_page))
    return pages(request, ids, _entries(answer))


def _entries(answer: Iterable[Sequence[Any]]) -> Iterable[tuple[UserId, UserRow, Cursor]]:
    for parent, followed_at, *user in answer:
        row = UserRow(*user)
        yield parent, row, Cursor(followed_at, row.id)


def _between(table: FromClause, follower: UserId, followee: UserId) -> ColumnElement[bool]:
    return and_(table.c.follower_id == follower, table.c.followee_id == followee)


async def _follows(tx: Writing, follower: UserId, followee: UserId) -> bool:
    found = await values(
        tx, select(follows.c.followee_id).where(_between(follows, follower, followee))
    )
    return bool(found)


async def _lock(tx: Writing, follower: UserId, followee: UserId) -> bool:
    """Keep others from changing what lies between the two; True when the followee is private.

    The rows are locked in the order of the ids, so that two who follow each other never wait
    for each other.
    """
    both = (
        select(users.c.id, users.c.is_private)
        .where(
            users.c.id.in_([follower, followee]),
            or_(users.c.id == follower, user_visible_to(follower)),
        )
        .order_by(users.c.id)
        .with_for_update(key_share=True, of=users)
    )
    found: dict[UserId, bool] = dict((await tx.execute(both)).all())
    if followee not in found:
        raise Missing("there is no such user", "id")
    return found[followee]


async def _count(tx: Writing, follower: UserId, followee: UserId, change: int) -> None:
    await tx.execute(
        update(users)
        .where(users.c.id.in_([follower, followee]))
        .values(
            following_count=users.c.following_count
            + case((users.c.id == follower, change), else_=0),
            follower_count=users.c.follower_count + case((users.c.id == followee, change), else_=0),
        )
    )
