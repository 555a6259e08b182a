"""What is left behind when something is broken off, and a store in which it is old."""

import hashlib
import secrets
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

from sqlalchemy import func, select, text, update

from storage import edits, uploads, variants
from storage.rows import VariantName
from storage.tables import photos
from storage.tables import uploads as upload_table
from storage.uploads import Promise
from tests.making import LONG
from tests.storing import make_awaiting, picture, variant_rows
from workers.variants import make

WEEK = timedelta(days=7)


class Aged:
    """A real store in which what was listed or chosen before is a week older than it says."""

    def __init__(self, objects, is_old: Callable[[str], bool]):
        self._objects = objects
        self._is_old = is_old
        self.listings = 0

    def __getattr__(self, name):
        return getattr(self._objects, name)

    async def entries(self, prefix, after=""):
        async for some in self._objects.entries(prefix, after):
            self.listings += 1
            yield [
                replace(each, modified_at=each.modified_at - WEEK)
                if self._is_old(each.key)
                else each
                for each in some
            ]


async def aged(objects):
    """All that is there now is old; what comes is new."""
    here = set(await objects.keys(""))
    return Aged(objects, here.__contains__)


def all_old(objects):
    return Aged(objects, lambda _key: True)


async def never_uploaded(database, owner, *, key=None):
    """An upload that was promised long ago."""
    data = picture()
    promise = Promise("image/jpeg", len(data), hashlib.sha256(data).digest(), None)
    async with database.begin() as tx:
        row = await uploads.add(tx, owner.key, promise, key, upload_ttl=LONG, publish_ttl=LONG)
    await long_ago(database, row.id)
    return row


async def long_ago(database, *upload_ids):
    past = func.now() - text("interval '3 days'")
    over = update(upload_table).where(upload_table.c.id.in_(upload_ids))
    async with database.begin() as tx:
        await tx.execute(over.values(expires_at=past, publish_until=past))


async def never_published(database, objects, owner):
    row = await never_uploaded(database, owner)
    await objects.write(row.staging_key, picture(), "image/jpeg")
    return row


async def halfway(objects):
    """What a publication, an attempt, an avatar and an export leave that came to no row."""
    token = secrets.token_hex(16)
    keys = [
        f"originals/{token}",
        variants.key(token, VariantName.THUMB),
        variants.key(token, VariantName.FULL, is_public=False),
        f"media/avatars/{token}/64.webp",
        f"exports/{token}.zip",
    ]
    for key in keys:
        await objects.write(key, b"left over", "image/webp")
    return keys


async def deleted(database, objects, workshop, owner):
    """A photo that was deleted, and nobody removed its objects."""
    photo = await make_awaiting(database, objects, owner)
    await make(workshop, photo.key)
    keys = [row.key for row in await variant_rows(database, photo)]
    async with database.begin() as tx:
        await edits.remove(tx, photo.key, owner.key)
        await tx.execute(text("delete from pgqueuer where entrypoint = 'remove_objects'"))
    return keys


async def broken_off(database, objects, owner):
    """A photo whose worker died when it had written a variant."""
    photo = await make_awaiting(database, objects, owner)
    async with database.begin() as tx:
        attempt = await variants.begin_attempt(tx, photo.key)
    key = variants.key(attempt.media_token, VariantName.THUMB)
    await objects.write(key, b"half", "image/webp")
    return photo, key


async def original_of(database, photo):
    async with database.connect() as connection:
        found = select(photos.c.original_key).where(photos.c.id == photo.key)
        return (await connection.execute(found)).scalar_one()
