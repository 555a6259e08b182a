"""A database and a store that are not of the same time, and bytes that rotted: all is found."""

import asyncio
import json
import secrets

import pytest
import pytest_asyncio
from sqlalchemy import text

from server import parts
from storage import edits, revisions
from tests.cli.conftest import SECRET
from tests.making import make_person
from tests.storing import Jobs, make_awaiting, variant_rows
from tests.sweeping import remains
from workers.variants import Workshop, make


@pytest_asyncio.fixture
async def elsewhere(settings, studio, database):
    """Makes a place of its own, with a copy of another one's database or an empty one."""
    opened = []

    async def elsewhere(template="template1"):
        name = f"histories{secrets.token_hex(4)}"
        async with database.connect() as connection:
            await connection.execute(text(f"create database {name} template {template}"))
        url = settings.database_url.get_secret_value()
        made = settings.model_validate(
            settings.model_dump()
            | {
                "database_url": url.replace(f"/{settings.s3_bucket}?", f"/{name}?"),
                "s3_bucket": name,
            }
        )
        await revisions.upgrade(made.database_url.get_secret_value())
        opened.append(parts.database(made, "picshare-tests"))
        return made, opened[-1]

    yield elsewhere
    for each in opened:
        await each.close()


@pytest.fixture
def audit(picshare):
    async def audit(place, *arguments):
        given = {
            "database_url": place.database_url.get_secret_value(),
            "s3_endpoint": place.s3_endpoint,
            "s3_access_key": place.s3_access_key,
            "s3_secret_key": place.s3_secret_key.get_secret_value(),
            "s3_bucket": place.s3_bucket,
            "secret_key": SECRET,
        }
        answer = await asyncio.to_thread(
            picshare, "audit", "--grace-s", "0", "--json", *arguments, **given
        )
        return answer.exit_code, json.loads(answer.stdout)

    return audit


async def populated(settings, database, studio):
    """A clean place with two photos in it."""
    objects = parts.objects(settings)
    await objects.ensure_bucket()
    workshop = Workshop(database, objects, studio)
    run = await Jobs.from_now_on(database, workshop)
    owner = await make_person(database, settings, "ann")
    photos = [await make_awaiting(database, objects, owner) for _ in range(2)]
    for photo in photos:
        await make(workshop, photo.key)
    return objects, workshop, run, owner, photos


async def objects_of(database, photo):
    made = {row.key for row in await variant_rows(database, photo)}
    return made | {await remains.original_of(database, photo)}


async def test_what_does_not_fit_together_is_found(settings, database, studio, elsewhere, audit):
    then, then_database = await elsewhere()
    objects, workshop, run, owner, photos = await populated(then, then_database, studio)
    photo, other = photos
    await then_database.close()
    backup, _ = await elsewhere(then.s3_bucket)
    # From here on the backup is old.
    lost = await objects_of(then_database, photo)
    async with then_database.begin() as tx:
        await edits.remove(tx, photo.key, owner.key)
    new = await make_awaiting(then_database, objects, owner)
    await make(workshop, new.key)
    await run.run()
    came = await objects_of(then_database, new)

    mixed = backup.model_copy(update={"s3_bucket": then.s3_bucket})
    code, found = await audit(mixed)
    assert (code, set(found["missing"]), set(found["changed"])) == (1, lost, set())
    # The staged copy of a photo stays until a job removes it, which the old rows know nothing of.
    assert set(found["orphaned"]) >= came

    empty_store = then.model_copy(update={"s3_bucket": backup.s3_bucket})
    await parts.objects(empty_store).ensure_bucket()
    code, found = await audit(empty_store)
    both = await objects_of(then_database, other) | came
    assert (code, set(found["missing"]), found["orphaned"]) == (1, both, [])


async def test_a_flipped_byte_is_found(settings, database, studio, elsewhere, audit):
    place, own = await elsewhere()
    objects, _, run, _, (photo, _) = await populated(place, own, studio)
    await run.run()
    assert (await audit(place, "--verify"))[0] == 0
    key = await remains.original_of(own, photo)
    data = bytearray(await objects.read(key, 10**6))
    data[len(data) // 2] ^= 1
    await objects.write(key, bytes(data), "image/jpeg")

    unread = await audit(place)
    code, found = await audit(place, "--verify")

    assert unread[0] == 0
    assert (code, found["verified"], found["damaged"]) == (1, 2, [key])
