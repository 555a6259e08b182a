"""What people are told of what others did.

A notification has one actor; only unread likes of one photo gather several. Whoever writes a
like, a comment or a follow tells of it in the same transaction, and withdraws it in the
transaction that takes it back. Rows of photos and users are locked before those in here.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b

from sqlalchemy import (
    ColumnElement,
    Insert,
    Select,
    Uuid,
    and_,
    delete,
    exists,
    func,
    insert,
    literal,
    or_,
    select,
    text,
    update,
)
from sqlalchemy.dialects.postgresql import insert as upsert

from storage.database import Writing, values
from storage.events import wake_user
from storage.pages import each
from storage.rows import CommentId, NotificationId, NotificationKind, PhotoId, UserId
from storage.tables import notification_actors as actors
from storage.tables import notifications
from storage.visibility import not_blocked


@dataclass(frozen=True, slots=True)
class _About:
    """What a notification is of, whoever did it."""

    kind: NotificationKind
    photo: PhotoId | None
    comment: CommentId | None


async def tell(
    tx: Writing,
    recipient: UserId,
    kind: NotificationKind,
    actor: UserId,
    *,
    photo: PhotoId | None = None,
    comment: CommentId | None = None,
) -> None:
    """Let *recipient* know what *actor* did. Telling again changes nothing.

    Nobody is told of what they did themselves, nor across a block.
    """
    await tell_each(tx, [recipient], kind, actor, photo=photo, comment=comment)


async def tell_each(
    tx: Writing,
    recipients: Sequence[UserId],
    kind: NotificationKind,
    actor: UserId,
    *,
    photo: PhotoId | None = None,
    comment: CommentId | None = None,
) -> None:
    """Like `tell` for many recipients of one thing, in as many statements as for one."""
    others = [id for id in dict.fromkeys(recipients) if id != actor]
    if not others:
        return
    # A block waits for who is being told, and is seen by who is told after it.
    await tx.execute(select(func.pg_advisory_xact_lock_shared(_lock_of(actor))))
    # One moment for both, so that it stays the same when later ones are taken back.
    told = _telling(others, _About(kind, photo, comment), actor).cte("told")
    joined = insert(actors).from_select(
        ["notification_id", "actor_id", "created_at"],
        select(told.c.id, literal(actor, Uuid), func.statement_timestamp()),
    )
    await tx.execute(select(wake_user(told.c.user_id)).add_cte(joined.cte("joined")))


def _telling(recipients: Sequence[UserId], about: _About, actor: UserId) -> Insert:
    parents = each(recipients)
    known = (
        select(1)
        .select_from(notifications.join(actors))
        .where(
            notifications.c.user_id == parents.c.id, _is_about(about), actors.c.actor_id == actor
        )
    )
    telling = upsert(notifications).from_select(
        ["user_id", "kind", "photo_id", "comment_id", "created_at"],
        select(
            parents.c.id,
            literal(about.kind, notifications.c.kind.type),
            literal(about.photo, Uuid),
            literal(about.comment, Uuid),
            _shown(func.statement_timestamp()),
        ).where(not_blocked(actor, parents.c.id), ~exists(known)),
    )
    return telling.on_conflict_do_update(
        index_elements=["user_id", "photo_id"],
        index_where=text("kind = 'LIKE' AND read_at IS NULL"),
        set_={"created_at": func.greatest(notifications.c.created_at, telling.excluded.created_at)},
    ).returning(notifications.c.id, notifications.c.user_id)


async def withdraw(
    tx: Writing,
    recipient: UserId,
    kind: NotificationKind,
    actor: UserId,
    *,
    photo: PhotoId | None = None,
    comment: CommentId | None = None,
) -> None:
    """Take back what `tell` with the same arguments told. Again changes nothing."""
    about = _is_about(_About(kind, photo, comment))
    is_theirs = actors.c.actor_id == actor
    await _part(tx, and_(notifications.c.user_id == recipient, about, is_theirs), is_theirs)


async def withdraw_all(tx: Writing, recipient: UserId, kind: NotificationKind) -> None:
    """Take back all of one kind that a user was told, whoever the actors."""
    await _remove(tx, and_(notifications.c.user_id == recipient, notifications.c.kind == kind))


async def withdraw_comments(tx: Writing, ids: Sequence[CommentId]) -> None:
    """Take back everything that was told of comments, as when only their places remain."""
    await _remove(tx, notifications.c.comment_id.in_(ids))


async def withdraw_photos(tx: Writing, ids: Sequence[PhotoId]) -> None:
    """Take back everything that was told of photos and of what hangs on them."""
    await _remove(tx, notifications.c.photo_id.in_(ids))


async def sever(tx: Writing, one: UserId, other: UserId) -> None:
    """Take back what each of two people was told of the other; call it after the block is kept."""
    for id in sorted([one, other]):
        await tx.execute(select(func.pg_advisory_xact_lock(_lock_of(id))))
    between = or_(
        and_(notifications.c.user_id == one, actors.c.actor_id == other),
        and_(notifications.c.user_id == other, actors.c.actor_id == one),
    )
    await _part(tx, between, actors.c.actor_id.in_([one, other]))


async def forget_actor(tx: Writing, actor: UserId, at_most: int | None = None) -> int:
    """Take back what people were told of a user, *at_most* so many notifications; how many.

    Called until nothing is left before the account is deleted.
    """
    await tx.execute(select(func.pg_advisory_xact_lock(_lock_of(actor))))
    is_theirs = actors.c.actor_id == actor
    return await _part(tx, is_theirs, is_theirs, at_most)


async def _part(
    tx: Writing,
    told: ColumnElement[bool],
    leaving: ColumnElement[bool],
    at_most: int | None = None,
) -> int:
    """Take the actors who are *leaving* out of what was *told*; what nobody did is gone."""
    # Locked first and read again afterwards, so that who joins meanwhile is not lost with it.
    chosen = select(actors.c.notification_id).join(notifications).where(told).limit(at_most)
    ids = await _lock(tx, notifications.c.id.in_(chosen))
    if not ids:
        return 0
    await tx.execute(delete(actors).where(actors.c.notification_id.in_(ids), leaving))
    latest = _latest_of(notifications.c.id)
    await tx.execute(delete(notifications).where(notifications.c.id.in_(ids), ~exists(latest)))
    left = update(notifications).where(notifications.c.id.in_(ids))
    await tx.execute(left.values(created_at=_shown(latest.scalar_subquery())))
    return len(ids)


async def _remove(tx: Writing, told: ColumnElement[bool]) -> None:
    ids = await _lock(tx, told)
    if ids:
        await tx.execute(delete(notifications).where(notifications.c.id.in_(ids)))


async def _lock(tx: Writing, told: ColumnElement[bool]) -> Sequence[NotificationId]:
    """Lock what was *told* in the order in which all lock it: no two wait for each other."""
    chosen = select(notifications.c.id).where(told).order_by(notifications.c.id)
    ids: Sequence[NotificationId] = await values(tx, chosen.with_for_update())
    return ids


def _latest_of(id: ColumnElement[NotificationId]) -> Select[tuple[object]]:
    mine = actors.c.notification_id == id
    newest = actors.c.created_at.desc(), actors.c.actor_id.desc()
    return select(actors.c.created_at).where(mine).order_by(*newest).limit(1)


def _is_about(about: _About) -> ColumnElement[bool]:
    return and_(
        notifications.c.kind == about.kind,
        notifications.c.photo_id.is_not_distinct_from(about.photo),
        notifications.c.comment_id.is_not_distinct_from(about.comment),
    )


def _shown(moment: ColumnElement[object]) -> ColumnElement[object]:
    # Clients see milliseconds and send them back to say how far they have read.
    return func.date_trunc("milliseconds", moment)


def _lock_of(actor: UserId) -> int:
    digest = blake2b(actor.bytes, digest_size=8, person=b"notified").digest()
    return int.from_bytes(digest, signed=True)
