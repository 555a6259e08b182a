"""What a user finds of what they were told: the list, what is new in it, what is unread.

`notifications` writes it.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, exists, func, or_, select, true, update
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.database import Writing, values
from storage.pages import each, newest_first, oldest_first, page, page_of_each
from storage.rows import (
    Cursor,
    NotificationId,
    NotificationRow,
    Page,
    PageRequest,
    UserId,
    UserRow,
)
from storage.tables import departures, notifications, users
from storage.tables import notification_actors as actors
from storage.users import COLUMNS as USER_COLUMNS
from storage.visibility import is_here

COLUMNS = [
    notifications.c.id,
    notifications.c.user_id,
    notifications.c.kind,
    notifications.c.photo_id,
    notifications.c.comment_id,
    notifications.c.created_at,
    notifications.c.read_at,
]


async def newest(
    connection: AsyncConnection, recipient: UserId, request: PageRequest
) -> Page[NotificationRow]:
    """What a user was told, the latest first. For that user only."""
    statement = newest_first(
        _told(recipient), notifications.c.created_at, notifications.c.id, request
    )
    return _page(request, await connection.execute(statement))


async def since(
    connection: AsyncConnection, recipient: UserId, moment: datetime, request: PageRequest
) -> Page[NotificationRow]:
    """What a user was told at that moment or later, the oldest first."""
    later = _told(recipient).where(notifications.c.created_at >= moment)
    statement = oldest_first(later, notifications.c.created_at, notifications.c.id, request)
    return _page(request, await connection.execute(statement))


async def by_ids(
    connection: AsyncConnection, ids: Sequence[NotificationId], recipient: UserId
) -> dict[NotificationId, NotificationRow]:
    """The notifications among *ids* that are the recipient's own."""
    told = _told(recipient).where(notifications.c.id.in_(ids))
    return {row.id: row for row in _rows(await connection.execute(told))}


async def count_unread(connection: AsyncConnection, recipient: UserId) -> int:
    """How many entries of the list are not read."""
    unread = select(func.count()).where(
        notifications.c.user_id == recipient, notifications.c.read_at.is_(None), _is_listed()
    )
    return (await connection.execute(unread)).scalar_one()


async def mark_read(tx: Writing, recipient: UserId, until: datetime | None) -> None:
    """Mark everything up to and including that time as read; without a time, everything."""
    unread = select(notifications.c.id).where(
        notifications.c.user_id == recipient, notifications.c.read_at.is_(None)
    )
    if until is not None:
        unread = unread.where(notifications.c.created_at <= until)
    # In the order in which all lock them, so that no two wait for each other.
    ids = await values(tx, unread.order_by(notifications.c.id).with_for_update())
    reading = update(notifications).where(notifications.c.id.in_(ids))
    await tx.execute(reading.values(read_at=func.now()))


async def count_actors(
    connection: AsyncConnection, ids: Sequence[NotificationId]
) -> dict[NotificationId, int]:
    """How many people each notification is of."""
    counted = select(actors.c.notification_id, func.count()).where(
        actors.c.notification_id.in_(ids), is_here(actors.c.actor_id)
    )
    return dict((await connection.execute(counted.group_by(actors.c.notification_id))).all())


async def actors_of(
    connection: AsyncConnection, ids: Sequence[NotificationId], first: int
) -> dict[NotificationId, list[UserRow]]:
    """The latest people each notification is of, the last one first."""
    parents = each(ids)
    latest = (
        select(*USER_COLUMNS)
        .join(actors, actors.c.actor_id == users.c.id)
        .where(actors.c.notification_id == parents.c.id, is_here(users.c.id))
        .order_by(actors.c.created_at.desc(), actors.c.actor_id.desc())
        .limit(first)
    )
    found: dict[NotificationId, list[UserRow]] = {id: [] for id in ids}
    for id, *user in await connection.execute(page_of_each(parents, latest)):
        found[id].append(UserRow(*user))
    return found


async def clock(connection: AsyncConnection) -> datetime:
    """The time of the database, by which everything here is dated."""
    moment: datetime = (await connection.execute(select(func.clock_timestamp()))).scalar_one()
    return moment


def _is_listed() -> ColumnElement[bool]:
    """True for notifications of at least one person who is here."""
    actor = select(1).where(actors.c.notification_id == notifications.c.id)
    # Mostly nobody is leaving, and nobody's actors are looked up.
    return or_(
        ~exists(select(departures.c.user_id)), exists(actor.where(is_here(actors.c.actor_id)))
    )


def _told(recipient: UserId) -> Select[Any]:
    """The notifications of a user, each with the latest of its actors."""
    latest = (
        select(actors.c.actor_id)
        .where(actors.c.notification_id == notifications.c.id, is_here(actors.c.actor_id))
        .order_by(actors.c.created_at.desc(), actors.c.actor_id.desc())
        .limit(1)
        .lateral("latest")
    )
    return (
        select(*COLUMNS, *USER_COLUMNS)
        .select_from(notifications.join(latest, true()))
        .join(users, users.c.id == latest.c.actor_id)
        .where(notifications.c.user_id == recipient)
    )


def _rows(answer: Iterable[Sequence[Any]]) -> list[NotificationRow]:
    told = len(COLUMNS)
    return [NotificationRow(*[*row[:told], UserRow(*row[told:])]) for row in answer]


def _page(request: PageRequest, answer: Iterable[Sequence[Any]]) -> Page[NotificationRow]:
    rows = _rows(answer)
    return page(request, rows, [Cursor(row.created_at, row.id) for row in rows])
