"""Takes apart what hangs on an account, a bounded part at a time.

Each function takes one part away and answers whether there was any; broken off and run again, it
goes on with what is left. What others count is counted down in the same transaction. Rows are
locked in the order that everybody follows: uploads, photos, users, notifications.
"""

from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final
from uuid import UUID

from sqlalchemy import (
    Column,
    ColumnElement,
    Integer,
    Table,
    Uuid,
    and_,
    column,
    delete,
    or_,
    select,
    tuple_,
    update,
)
from sqlalchemy import values as rows_of

from storage import avatars, exports, jobs, notifications, replaced, variants
from storage.database import Writing, values
from storage.rows import CommentId, UserId
from storage.tables import comments, follows, likes, photos, uploads, users
from storage.tables import notifications as told

# A batch takes a fraction of a second, whoever the account is of.
BATCH: Final = 200
# These need no counting.
LARGE_BATCH: Final = 5_000
PHOTOS: Final = 50

Take = Callable[[Writing, UserId], Awaitable[bool]]


async def take_told(tx: Writing, user: UserId) -> bool:
    """What the user was told, and what others were told of them."""
    to_them = select(told.c.id).where(told.c.user_id == user).order_by(told.c.id).limit(LARGE_BATCH)
    gone = await tx.execute(delete(told).where(told.c.id.in_(to_them)))
    others = await notifications.forget_actor(tx, user, at_most=BATCH)
    return bool(gone.rowcount + others)


async def take_responses(tx: Writing, owner: UserId) -> bool:
    """What others left under the user's photos, which nobody sees any more; the newest first.

    Replies go before what they reply to, so that no comment takes a long thread along.
    """
    theirs = select(photos.c.id).where(photos.c.owner_id == owner)
    liking = likes.c.photo_id, likes.c.user_id
    liked = select(*liking).where(likes.c.photo_id.in_(theirs)).limit(LARGE_BATCH)
    unliked = await tx.execute(delete(likes).where(tuple_(*liking).in_(liked)))
    said = select(comments.c.id).where(comments.c.photo_id.in_(theirs))
    newest = await values(tx, said.order_by(comments.c.id.desc()).limit(LARGE_BATCH))
    await notifications.withdraw_comments(tx, newest)
    await tx.execute(delete(comments).where(comments.c.id.in_(newest)))
    return bool(unliked.rowcount + len(newest))


async def take_photos(tx: Writing, owner: UserId) -> bool:
    """Photos with their uploads and their objects."""
    of_owner = select(photos.c.id, photos.c.upload_id).where(photos.c.owner_id == owner)
    chosen = (await tx.execute(of_owner.order_by(photos.c.id).limit(PHOTOS))).all()
    if not chosen:
        return False
    ids = [id for id, _ in chosen]
    ending = delete(uploads).where(uploads.c.id.in_([upload for _, upload in chosen]))
    staged = await values(tx, ending.returning(uploads.c.staging_key))
    await _lock(tx, photos, photos.c.id.in_(ids))
    await notifications.withdraw_photos(tx, ids)
    await replaced.withdraw(tx, ids)
    made = [row.key for rows in (await variants.of_photos(tx, ids)).values() for row in rows]
    places = photos.c.original_key, photos.c.media_token
    gone = await tx.execute(delete(photos).where(photos.c.id.in_(ids)).returning(*places))
    kept = [key for original, token in gone for key in (original, *variants.every_key(token))]
    await jobs.remove_for_good(tx, {*staged, *made, *kept})
    return True


async def take_likes(tx: Writing, user: UserId) -> bool:
    """Likes of other people's photos."""
    liked = select(likes.c.photo_id).where(likes.c.user_id == user)
    ids = await values(tx, liked.order_by(likes.c.photo_id).limit(BATCH))
    await _lock(tx, photos, photos.c.id.in_(ids))
    theirs = and_(likes.c.user_id == user, likes.c.photo_id.in_(ids))
    gone = await values(tx, delete(likes).where(theirs).returning(likes.c.photo_id))
    await _count_down(tx, photos.c.like_count, gone)
    return bool(ids)


async def take_comments(tx: Writing, author: UserId) -> bool:
    """Comments under other people's photos; where others replied, an empty place remains."""
    written = select(comments.c.id, comments.c.photo_id).where(comments.c.author_id == author)
    chosen = (await tx.execute(written.order_by(comments.c.id).limit(BATCH))).all()
    await _lock(tx, photos, photos.c.id.in_([photo for _, photo in chosen]))
    theirs = comments.c.id.in_([id for id, _ in chosen])
    counted = select(comments.c.photo_id).where(theirs, comments.c.body.is_not(None))
    await _count_down(tx, photos.c.comment_count, await values(tx, counted))
    await notifications.withdraw_comments(tx, [id for id, _ in chosen])
    await tx.execute(update(comments).where(theirs).values(body=None, author_id=None))
    await _prune(tx, [id for id, _ in chosen])
    return bool(chosen)


async def take_follows(tx: Writing, user: UserId) -> bool:
    """Follows in both directions."""
    pair = follows.c.follower_id, follows.c.followee_id
    theirs = or_(follows.c.follower_id == user, follows.c.followee_id == user)
    chosen = (await tx.execute(select(*pair).where(theirs).limit(BATCH))).all()
    others = {id for row in chosen for id in row} - {user}
    await _lock(tx, users, users.c.id.in_(others))
    with_others = or_(follows.c.follower_id.in_(others), follows.c.followee_id.in_(others))
    ending = delete(follows).where(theirs, with_others).returning(*pair)
    gone = (await tx.execute(ending)).all()
    followed = [followee for follower, followee in gone if follower == user]
    following = [follower for follower, followee in gone if followee == user]
    await _count_down(tx, users.c.follower_count, followed)
    await _count_down(tx, users.c.following_count, following)
    return bool(chosen)


async def take_files(tx: Writing, user: UserId) -> bool:
    """Avatars with their uploads, and exports."""
    had_avatar = await avatars.withdraw(tx, user)
    had_export = await exports.withdraw(tx, user)
    return had_avatar or had_export


async def take_uploads(tx: Writing, user: UserId) -> bool:
    """Uploads that became nothing, and what arrived for them."""
    of_user = select(uploads.c.id).where(uploads.c.user_id == user).limit(BATCH)
    ending = delete(uploads).where(uploads.c.id.in_(of_user))
    staged = await values(tx, ending.returning(uploads.c.staging_key))
    if staged:
        await jobs.remove_for_good(tx, set(staged))
    return bool(staged)


PARTS: Final[tuple[Take, ...]] = (
    take_told,
    take_responses,
    take_photos,
    take_likes,
    take_comments,
    take_follows,
    take_files,
    take_uploads,
)


async def _lock(tx: Writing, table: Table, condition: ColumnElement[bool]) -> None:
    ordered = select(table.c.id).where(condition).order_by(table.c.id)
    await tx.execute(ordered.with_for_update(key_share=True))


async def _count_down(tx: Writing, counter: Column[Any], ids: Sequence[UUID]) -> None:
    """Count one less for each time that a row is among *ids*."""
    if not ids:
        return
    lost = rows_of(column("id", Uuid), column("fewer", Integer), name="lost")
    fewer = lost.data(list(Counter(ids).items()))
    counting = update(counter.table).where(counter.table.c.id == fewer.c.id)
    await tx.execute(counting.values({counter: counter - fewer.c.fewer}))


async def _prune(tx: Writing, ids: Sequence[CommentId]) -> None:
    """Remove the empty places among *ids* that have no replies, and upwards those left so."""
    while ids:
        is_idle = and_(comments.c.body.is_(None), comments.c.reply_count == 0)
        pruning = delete(comments).where(comments.c.id.in_(ids), is_idle)
        parents = await values(tx, pruning.returning(comments.c.parent_id))
        ids = [id for id in parents if id is not None]
        await _count_down(tx, comments.c.reply_count, ids)
