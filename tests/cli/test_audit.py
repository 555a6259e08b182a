"""`picshare audit`: what rows speak of is there, nothing else is, and a deleted user is gone."""

import asyncio
import hashlib
import json
import secrets
from datetime import timedelta

import pytest
import pytest_asyncio
from sqlalchemy import func, select, text, update

from server import parts
from server.cli.audit import audited
from storage import avatars, departures, jobs, revisions, uploads, users
from storage.tables import avatars as avatar_table
from storage.tables import departures as departure_table
from storage.tables import photos, variants
from storage.uploads import Promise
from tests.cli.conftest import SECRET
from tests.making import LONG, make_comment, make_follow, make_like, make_person
from tests.storing import Jobs, every_object, make_awaiting, picture
from workers.accounts import erase
from workers.avatars import make as make_squares
from workers.images import Limits, Studio
from workers.variants import Workshop, make

NOW = timedelta(0)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def place(settings, database, store):
    """A database and a bucket that no other test writes to."""
    name = f"audit{secrets.token_hex(4)}"
    async with database.connect() as connection:
        await connection.execute(text(f"create database {name}"))
    url = settings.database_url.get_secret_value().replace("/picshare?", f"/{name}?")
    await revisions.upgrade(url)
    return settings.model_validate(settings.model_dump() | {"database_url": url, "s3_bucket": name})


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def database_here(place):
    opened = parts.database(place, "picshare-tests")
    yield opened
    await opened.close()


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def objects_here(place):
    opened = parts.objects(place)
    await opened.ensure_bucket()
    return opened


@pytest_asyncio.fixture
async def workshop(database_here, objects_here):
    async with Studio(Limits(), children=1) as studio:
        yield Workshop(database_here, objects_here, studio)


@pytest.fixture
def audit(picshare, place, store):
    """Run the verb; its exit code and what it says in JSON."""
    given = {
        "database_url": place.database_url.get_secret_value(),
        "s3_endpoint": store.endpoint,
        "s3_access_key": store.access_key,
        "s3_secret_key": store.secret_key,
        "s3_bucket": place.s3_bucket,
        "secret_key": SECRET,
    }

    async def audit(*arguments):
        return await asyncio.to_thread(picshare, "audit", "--grace-s", "0", *arguments, **given)

    return audit


async def a_whole_account(database, objects, workshop, settings):
    """Somebody with a photo, an avatar and an upload in waiting, among others."""
    person = await make_person(database, settings, "ann")
    friend = await make_person(database, settings, "bob")
    for one, other in ((person, friend), (friend, person)):
        await make_follow(database, by=one, of=other)
        photo = await make_awaiting(database, objects, one)
        await make(workshop, photo.key)
        for each in (one, other):
            await make_like(database, by=each, of=photo)
        comment = await make_comment(database, by=one, of=photo)
        await make_comment(database, by=other, of=photo, to=comment)
    await _choose_avatar(database, objects, workshop, person)
    return person


async def _choose_avatar(database, objects, workshop, person):
    digest = hashlib.sha256(picture()).digest()
    promise = Promise("image/jpeg", len(picture()), digest, None)
    async with database.begin() as tx:
        row = await uploads.add(tx, person.key, promise, None, upload_ttl=LONG, publish_ttl=LONG)
        key = f"originals/{secrets.token_hex(16)}"
        await avatars.choose(tx, row, key)
    for each in (key, row.staging_key):
        await objects.write(each, picture(), "image/jpeg")
    async with database.connect() as connection:
        chosen = select(avatar_table.c.id).where(avatar_table.c.user_id == person.key)
        id = (await connection.execute(chosen)).scalar_one()
    await make_squares(workshop, id)


async def test_a_deleted_account_is_provably_gone(
    audit, database_here, objects_here, workshop, place
):
    run = await Jobs.from_now_on(database_here, workshop)
    person = await a_whole_account(database_here, objects_here, workshop, place)
    await run.run()

    before = await audit("--user", person.id, "--json")
    assert before.exit_code == 1
    found = json.loads(before.stdout)
    assert found["leftOfUser"]["users.id"] == 1
    assert (found["missing"], found["changed"], found["orphaned"]) == ([], [], [])
    assert found["objects"]["originals/"]["count"] == 3
    assert found["objects"]["media/"]["count"] == 6 + 6 + 4
    assert found["rows"]["variants"]["count"] == 12

    async with database_here.begin() as tx:
        known = await users.credentials_by_id(tx, person.key)
        assert known is not None
        await departures.begin(tx, known)
    await erase(database_here, person.key)
    async with database_here.begin() as tx:
        past = func.now() - departures.QUIET * 2
        await tx.execute(update(departure_table).values(left_at=past))
    await erase(database_here, person.key)
    waiting = json.loads((await audit("--json")).stdout)
    assert waiting["awaitingRemoval"] == (1 + 4) + (2 + 6)
    await run.run()

    after = await audit("--user", person.id)
    assert after.stdout.splitlines()[-1] == "clean"
    assert after.exit_code == 0
    found = json.loads((await audit("--user", person.id, "--json")).stdout)
    assert (found["clean"], found["leftOfUser"], found["awaitingRemoval"]) == (True, {}, 0)
    assert found["objects"]["originals/"]["count"] == 1
    assert found["objects"]["media/"]["count"] == 6


@pytest_asyncio.fixture
async def kept(audit, database_here, objects_here, workshop, place):
    """A clean place with one photo in it."""
    run = await Jobs.from_now_on(database_here, workshop)
    owner = await make_person(database_here, place, "cid")
    photo = await make_awaiting(database_here, objects_here, owner)
    await make(workshop, photo.key)
    await run.run()
    assert (await audit()).exit_code == 0
    async with database_here.connect() as connection:
        original = select(photos.c.original_key).where(photos.c.id == photo.key)
        made = select(variants.c.key).where(variants.c.photo_id == photo.key).limit(1)
        return [(await connection.execute(query)).scalar_one() for query in (original, made)]


async def test_what_is_missing_is_found(audit, objects_here, kept):
    lost = {key: await objects_here.read(key, 10**6) for key in kept}
    for key in kept:
        await objects_here.delete(key)

    answer = await audit("--json")

    for key, data in lost.items():
        await objects_here.write(key, data, "image/webp")
    assert answer.exit_code == 1
    assert sorted(json.loads(answer.stdout)["missing"]) == sorted(kept)
    assert (await audit()).exit_code == 0


async def test_what_was_changed_is_found(audit, objects_here, kept):
    data = await objects_here.read(kept[0], 10**6)
    await objects_here.write(kept[0], data + b"more", "image/jpeg")

    answer = await audit()

    await objects_here.write(kept[0], data, "image/jpeg")
    assert answer.exit_code == 1
    assert f"1 of another size:\n  {kept[0]}\nNOT CLEAN\n" in answer.stdout


@pytest.mark.parametrize("prefix", ["staging", "originals", "media", "media/avatars", "exports"])
async def test_what_no_row_speaks_of_is_found(audit, objects_here, kept, prefix):
    key = f"{prefix}/{secrets.token_hex(16)}"
    await objects_here.write(key, b"left over", "image/webp")

    answer = await audit()

    assert answer.exit_code == 1
    assert f"1 of no row:\n  {key}\nNOT CLEAN\n" in answer.stdout
    await objects_here.delete(key)
    assert (await audit()).exit_code == 0


async def test_what_is_new_or_awaits_removal_is_no_problem(
    database_here, objects_here, workshop, kept
):
    run = await Jobs.from_now_on(database_here, workshop)
    new, condemned = [f"originals/{secrets.token_hex(16)}" for _ in range(2)]
    for key in (new, condemned):
        await objects_here.write(key, b"on its way", "image/webp")
    async with database_here.begin() as tx:
        await jobs.remove_objects(tx, [condemned], after=LONG)

    report = await audited(database_here, objects_here, LONG)
    strict = await audited(database_here, objects_here, NOW)

    await objects_here.delete(new)
    await run.run()
    assert (report.is_clean, report.new, report.awaiting_removal) == (True, 1, 1)
    assert (strict.is_clean, strict.orphaned) == (False, [new])


async def test_more_objects_than_one_listing_holds(database_here, objects_here, kept):
    before = await every_object(objects_here)
    keys = [f"originals/{secrets.token_hex(16)}" for _ in range(1_100)]
    for start in range(0, len(keys), 16):
        some = keys[start : start + 16]
        await asyncio.gather(*(objects_here.write(key, b"x", "image/webp") for key in some))

    report = await audited(database_here, objects_here, LONG)
    for start in range(0, len(keys), 16):
        await asyncio.gather(*(objects_here.delete(key) for key in keys[start : start + 16]))

    counted = {total.name: total.count for total in report.objects}
    assert sum(counted.values()) == len(before) + 1_100
    assert (report.is_clean, report.new) == (True, 1_100)


async def test_a_wrong_id_is_refused(audit):
    answer = await audit("--user", "photo_" + "0" * 32)

    assert answer.exit_code == 2
    assert "is no id of a user" in answer.stderr
