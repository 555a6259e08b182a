"""What a user finds of what they were told: the list, what is new in it, what is unread.

`notifications` writes it.
"""

from collections.abc import Sequence
from datetime import datetime
from functools import cache
from typing import Any, Final, NamedTuple

from asyncpg import Record
from sqlalchemy import (
    ARRAY,
    ColumnElement,
    DateTime,
    Select,
    Uuid,
    any_,
    column,
    exists,
    func,
    or_,
    select,
    true,
    update,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.database import Way, Writing, values
from storage.pages import (
    any_page,
    asked,
    each,
    newest_first,
    oldest_first,
    page_by_time,
    page_of_each,
)
from storage.reads import IDS, VIEWER, Read, first, rows, rows_of, value
from storage.rows import (
    Cursor,
    NotificationId,
    NotificationKind,
    NotificationRow,
    Page,
    PageRequest,
    UserId,
    UserRow,
)
from storage.tables import notification_actors as actors
from storage.tables import notifications, users
from storage.users import COLUMNS as USER_COLUMNS
from storage.visibility import is_here, nobody_leaves

COLUMNS = [
    notifications.c.id,
    notifications.c.user_id,
    notifications.c.kind,
    notifications.c.photo_id,
    notifications.c.comment_id,
    notifications.c.created_at,
    notifications.c.read_at,
]
# How much one subscriber reads at a time.
PAGE: Final = 200
_MOMENT: Final = DateTime(timezone=True)


class Asked(NamedTuple):
    """Who reads on, and from where."""

    recipient: UserId
    after: Cursor


async def newest(way: Way, recipient: UserId, request: PageRequest) -> Page[NotificationRow]:
    """What a user was told, the latest first. For that user only."""
    read = _newest(request.after is None)
    found = await rows(way, read, viewer=recipient, **asked(request))
    return page_by_time(request, found)


@cache
def _newest(is_first: bool) -> Read[NotificationRow]:  # noqa: FBT001 - Told apart by nothing else.
    at, id, request = notifications.c.created_at, notifications.c.id, any_page(is_first=is_first)
    return Read.of(newest_first(_told(VIEWER), at, id, request), _row)


async def since(way: Way, asked: Sequence[Asked]) -> list[list[NotificationRow]]:
    """What each of them asks for: what they were told later, the oldest first, `PAGE` at most."""
    told: list[list[NotificationRow]] = [[] for _ in asked]
    found = await rows(
        way,
        _SINCE,
        recipients=[one.recipient for one in asked],
        moments=[one.after.created_at for one in asked],
        ids=[one.after.id for one in asked],
    )
    for place, row in found:
        told[place - 1].append(row)
    return told


async def by_ids(
    way: Way, ids: Sequence[NotificationId], recipient: UserId
) -> dict[NotificationId, NotificationRow]:
    """The notifications among *ids* that are the recipient's own."""
    return {row.id: row for row in await rows(way, _BY_IDS, viewer=recipient, ids=ids)}


async def count_unread(way: Way, recipient: UserId) -> int:
    """How many entries of the list are not read."""
    [count] = await rows(way, _UNREAD, viewer=recipient)
    return count


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


async def count_actors(way: Way, ids: Sequence[NotificationId]) -> dict[NotificationId, int]:
    """How many people each notification is of."""
    return dict(await rows(way, _COUNTS, ids=ids))


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


async def clock(way: Way) -> datetime:
    """The time of the database, by which everything here is dated."""
    moment: datetime
    (moment,) = await rows(way, _CLOCK)
    return moment


def _is_listed() -> ColumnElement[bool]:
    """True for notifications of at least one person who is here."""
    actor = select(1).where(actors.c.notification_id == notifications.c.id)
    # Mostly nobody is leaving, and nobody's actors are looked up.
    return or_(nobody_leaves(), exists(actor.where(is_here(actors.c.actor_id))))


def _told(recipient: UserId | ColumnElement[UserId]) -> Select[Any]:
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


def _since() -> Select[Any]:
    listed = func.unnest(
        value("recipients", ARRAY(Uuid)),
        value("moments", ARRAY(_MOMENT)),
        value("ids", ARRAY(Uuid)),
    ).table_valued(
        column("recipient", Uuid),
        column("moment", _MOMENT),
        column("id", Uuid),
        with_ordinality="place",
        name="asked",
    )
    asked = listed.render_derived()
    at: Any = asked.c.moment
    id: Any = asked.c.id
    request = PageRequest(PAGE - 1, Cursor(at, id))
    later = _told(asked.c.recipient)
    pages = oldest_first(later, notifications.c.created_at, notifications.c.id, request)
    entry = pages.lateral("entry")
    ordered = entry.c[len(COLUMNS) - 2], entry.c[0]
    return (
        select(asked.c.place, *entry.c)
        .join_from(asked, entry, true())
        .order_by(asked.c.place, *ordered)
    )


_ACTOR: Final = rows_of(UserRow, after=len(COLUMNS))


def _row(record: Any) -> NotificationRow:
    id, user, kind, photo, comment, created, read = record[: len(COLUMNS)]
    kind = NotificationKind(kind)
    return NotificationRow(id, user, kind, photo, comment, created, read, _ACTOR(record))


def _placed(record: Record) -> tuple[int, NotificationRow]:
    return record[0], _row(record[1:])


_SINCE: Final = Read.of(_since(), _placed)
_COUNTS: Final = Read.of(
    select(actors.c.notification_id, func.count())
    .where(actors.c.notification_id == any_(IDS), is_here(actors.c.actor_id))
    .group_by(actors.c.notification_id),
    tuple,
)
_BY_IDS: Final = Read.of(_told(VIEWER).where(notifications.c.id == any_(IDS)), _row)
_UNREAD: Final[Read[int]] = Read.of(
    select(func.count()).where(
        notifications.c.user_id == VIEWER, notifications.c.read_at.is_(None), _is_listed()
    ),
    first,
)
_CLOCK: Final = Read.of(select(func.clock_timestamp()), first)
