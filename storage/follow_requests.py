"""Requests to follow a private account, and what becomes of them."""

from collections.abc import Sequence

from sqlalchemy import delete, insert, literal, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from storage import notifications
from storage.database import Writing, values
from storage.follows import between, count, is_following, lock
from storage.refusals import Missing
from storage.rows import NotificationKind, Page, PageRequest, UserId, UserRow
from storage.tables import follow_requests, follows, users
from storage.users import paired


async def waiting(
    connection: AsyncConnection, followee: UserId, request: PageRequest
) -> Page[UserRow]:
    """Those who ask to follow a user, the latest first. For that user only."""
    theirs = follow_requests.c.followee_id == followee
    return await paired(connection, follow_requests.c.follower_id, theirs, request)


async def accept(tx: Writing, followee: UserId, follower: UserId) -> None:
    """Let in one who waits. Again changes nothing.

    Raises Missing when that user neither waits nor follows.
    """
    await lock(tx, followee, follower)
    waited = await values(
        tx,
        delete(follow_requests)
        .where(between(follow_requests, follower, followee))
        .returning(literal(1)),
    )
    if waited:
        await tx.execute(insert(follows).values(follower_id=follower, followee_id=followee))
        await count(tx, follower, followee, 1)
        await notifications.withdraw(tx, followee, NotificationKind.FOLLOW_REQUEST, follower)
        await notifications.tell(tx, follower, NotificationKind.FOLLOW_ACCEPTED, followee)
    elif not await is_following(tx, follower, followee):
        raise Missing("that user does not ask to follow you", "id")


async def decline(tx: Writing, followee: UserId, follower: UserId) -> None:
    """Send away one who waits, without a word to them.

    Raises Missing when that user does not wait.
    """
    await lock(tx, followee, follower)
    waited = await values(
        tx,
        delete(follow_requests)
        .where(between(follow_requests, follower, followee))
        .returning(literal(1)),
    )
    if not waited:
        raise Missing("that user does not ask to follow you", "id")
    await notifications.withdraw(tx, followee, NotificationKind.FOLLOW_REQUEST, follower)


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
        await notifications.withdraw_all(tx, followee, NotificationKind.FOLLOW_REQUEST)
        await notifications.tell_each(tx, let_in, NotificationKind.FOLLOW_ACCEPTED, followee)


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
