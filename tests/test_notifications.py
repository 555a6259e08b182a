"""scratch"""
import pytest
from sqlalchemy import select, text
from storage import notifications
from storage.rows import NotificationKind as K
from tests.making import make_photo
from tests.making import make_block

async def dump(database):
    async with database.connect() as c:
        return (await c.execute(text("select n.user_id,n.kind,n.read_at is null, array_agg(a.actor_id) from notifications n left join notification_actors a on a.notification_id=n.id group by 1,2,3,n.id"))).all()

async def test_x(database, ann, bob, cid):
    photo = await make_photo(database, ann)
    for who in (bob, bob, cid, ann):
        async with database.begin() as tx:
            await notifications.tell(tx, ann.key, K.LIKE, who.key, photo=photo.key)
    print(await dump(database))
    async with database.begin() as tx:
        await notifications.tell_each(tx, [ann.key, cid.key, bob.key], K.FOLLOW, bob.key)
    print(await dump(database))
    async with database.begin() as tx:
        await notifications.withdraw(tx, ann.key, K.LIKE, cid.key, photo=photo.key)
    print(await dump(database))
    async with database.begin() as tx:
        await notifications.sever(tx, ann.key, bob.key)
    print(await dump(database))
    async with database.begin() as tx:
        await notifications.forget_actor(tx, bob.key)
    print(await dump(database))
