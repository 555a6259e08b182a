"""Whoever changes several things locks them in one order; where two meet all the same, both win."""

import asyncio

from sqlalchemy import select, text, update

from storage import notifications
from storage.tables import likes, photos
from storage.tables import notifications as told
from tests.making import make_like, make_photo
from tests.storing import somebody_waits

LIKE = "mutation($id: ID!) { likePhoto(id: $id) { photo { likeCount } errors { code } } }"
DELETE = "mutation($id: ID!) { deletePhoto(id: $id) { errors { code } } }"
PRUNE = "mutation($id: ID!) { deleteComment(id: $id) { errors { code } } }"


async def _lower_is_kept_later(database, recipient):
    """Of two notifications, the one with the lower id is found later in the table."""
    mine = select(told.c.id).where(told.c.user_id == recipient.key).order_by(told.c.id)
    async with database.begin() as tx:
        lower, higher = (await tx.execute(mine)).scalars().all()
        moved = update(told).where(told.c.id == lower)
        await tx.execute(moved.values(created_at=told.c.created_at + text("interval '1 hour'")))
    return lower, higher


async def _waits_in_order(database, lower, higher, changed):
    """Whether *changed* waits for the lower notification without having locked the higher."""
    async with database.begin() as tx:
        await tx.execute(select(told.c.id).where(told.c.id == lower).with_for_update())
        task = asyncio.create_task(changed)
        await somebody_waits(database)
        await tx.execute(select(told.c.id).where(told.c.id == higher).with_for_update(nowait=True))
    return await task


async def test_deleting_a_photo_locks_as_reading_notifications_does(database, ask, ann, bob):
    photo = await make_photo(database, ann)
    await make_like(database, by=bob, of=photo)
    say = 'mutation($id: ID!) { addComment(input: {photoId: $id, body: "Oh"}) { errors { code } } }'
    await ask(say, viewer=bob, id=photo.id)
    lower, higher = await _lower_is_kept_later(database, ann)

    deleted = await _waits_in_order(database, lower, higher, ask(DELETE, viewer=ann, id=photo.id))

    assert deleted == {"deletePhoto": {"errors": []}}


async def test_deleting_a_comment_locks_as_reading_notifications_does(database, ask, ann, bob):
    photo = await make_photo(database, ann)
    say = """
    mutation($id: ID!) { addComment(input: {photoId: $id, body: "Oh"}) {
      comment { id } errors { code } } }
    """
    made = (await ask(say, viewer=bob, id=photo.id))["addComment"]["comment"]["id"]
    async with database.begin() as tx:
        first = (await tx.execute(select(told).where(told.c.user_id == ann.key))).mappings().one()
        await tx.execute(told.insert().values({**first, "id": "f" * 32}))
    lower, higher = await _lower_is_kept_later(database, ann)

    deleted = await _waits_in_order(database, lower, higher, ask(PRUNE, viewer=bob, id=made))

    assert deleted == {"deleteComment": {"errors": []}}


async def test_a_deadlock_costs_the_client_nothing(database, ask, ann, bob):
    photo = await make_photo(database, ann)

    async with database.begin() as tx:
        # The other one looks for deadlocks first, and so gives way.
        await tx.execute(text("set local deadlock_timeout = '60s'"))
        await tx.execute(text("select pg_advisory_xact_lock(:key)"), {"key": _key(bob)})
        liking = asyncio.create_task(ask(LIKE, viewer=bob, id=photo.id))
        await somebody_waits(database)
        # It holds the photo and waits for what is held here; this waits for the photo.
        locking = select(photos.c.id).where(photos.c.id == photo.key).with_for_update()
        await tx.execute(locking)
    answer = await liking

    assert answer["likePhoto"] == {"photo": {"likeCount": 1}, "errors": []}
    async with database.connect() as connection:
        rows = (await connection.execute(select(likes).where(likes.c.photo_id == photo.key))).all()
    assert len(rows) == 1


def _key(person):
    return notifications._lock_of(person.key)
