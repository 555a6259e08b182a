"""What no row speaks of is removed, and never anything live."""

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import func, select, text

from server.cli.audit import audited
from storage import tables, variants
from storage.database import StatementCount, statements
from storage.rows import PhotoFailureCode, VariantName
from storage.sweeping import walks
from storage.variants import VariantFormat
from tests.making import make_person
from tests.storing import make_awaiting, picture, scalar, variant_rows
from tests.sweeping import remains
from tests.sweeping.conftest import TIMES
from workers import sweeps
from workers.sweeps import Rules
from workers.variants import make

NOW = timedelta(0)
MADE = len(VariantName) * len(VariantFormat)


async def problems(database, objects):
    """What `picshare audit` finds: dangling rows, changed objects, orphans."""
    report = await audited(database, objects, NOW)
    return report.missing, report.changed, report.orphaned


async def published(desk, owner, count):
    """The ids of photos that were published one after the other."""
    return [await desk.publish_file(owner, picture(size=(64, 48))) for _ in range(count)]


@pytest.mark.parametrize("count", [10, pytest.param(100, marks=pytest.mark.torture)])
async def test_everything_left_over_goes_and_nothing_live(
    database, objects, settings, workshop, jobs, desk, rules, count
):
    await sweeps.sweep_objects(database, remains.all_old(objects), rules)
    # Some photos of other tests have no objects.
    before = await problems(database, objects)
    owner = await make_person(database, settings, "ann")
    for _ in range(count):
        await remains.never_uploaded(database, owner)
        await remains.never_published(database, objects, owner)
        await remains.halfway(objects)
        await remains.deleted(database, objects, workshop, owner)
    live = [await make_awaiting(database, objects, owner) for _ in range(count)]
    for photo in live[: count // 2]:
        await make(workshop, photo.key)
    awaiting = [await remains.broken_off(database, objects, owner) for _ in range(count)]
    store = await remains.aged(objects)

    publishing = asyncio.create_task(published(desk, owner, count))
    swept = {"uploads": 0}
    walk = None
    while not publishing.done() or walk is None:
        rows = await sweeps.sweep_rows(database, TIMES)
        swept["uploads"] += rows["uploads"]
        again = await sweeps.sweep_objects(database, store, rules)
        walk = walk or again
    await publishing
    await jobs.run()
    await sweeps.sweep_objects(database, store, rules)

    assert swept == {"uploads": 2 * count}
    # What was broken off; of a deleted photo an original, its staged copy and its variants; and
    # what arrived for uploads that the rows' sweep has just ended.
    assert (walk.removed, walk.held) == ((5 + 2 + MADE + 1) * count, 0)
    for photo in live[count // 2 :]:
        await make(workshop, photo.key)
    for photo, _ in awaiting:
        await make(workshop, photo.key)
    await jobs.run()
    ready = select(func.count()).where(
        tables.photos.c.owner_id == owner.key, tables.photos.c.status == "READY"
    )
    assert await scalar(database, ready) == 3 * count
    assert await problems(database, objects) == before
    assert before[1:] == ([], [])


async def test_what_may_still_become_something_stays(database, objects, ann, rules):
    young = await remains.halfway(objects)
    photo, half = await remains.broken_off(database, objects, ann)
    waiting = await remains.never_published(database, objects, ann)

    await sweeps.sweep_objects(database, objects, rules)
    await sweeps.sweep_objects(database, remains.Aged(objects, lambda key: key not in young), rules)

    for key in (*young, half, waiting.staging_key, await remains.original_of(database, photo)):
        assert await objects.head(key) is not None
    for key in young:
        await objects.delete(key)


async def test_the_original_of_what_failed_stays_with_its_row(database, objects, ann, rules):
    photo = await make_awaiting(database, objects, ann)
    async with database.begin() as tx:
        attempt = await variants.begin_attempt(tx, photo.key)
        await variants.fail(tx, attempt, PhotoFailureCode.PROCESSING_ERROR, "It broke.")
    key = await remains.original_of(database, photo)

    await sweeps.sweep_objects(database, remains.all_old(objects), rules)

    assert await objects.head(key) is not None


async def test_too_many_originals_without_rows_are_left_alone(database, objects, ann):
    lost = [(await remains.halfway(objects))[0] for _ in range(3)]
    store = remains.all_old(objects)

    walk = await sweeps.sweep_objects(database, store, Rules(TIMES, most_originals=2))

    assert walk.held >= 3
    assert all([await objects.head(key) for key in lost])
    again = await sweeps.sweep_objects(database, store, Rules(TIMES, most_originals=1_000))
    assert (again.held, again.removed) == (0, walk.held)
    assert not any([await objects.head(key) for key in lost])


async def test_what_lies_elsewhere_is_not_ours(database, objects, rules):
    for key in ("backup/originals", "originals.txt", "zzz/1"):
        await objects.write(key, b"somebody else's", "text/plain")

    await sweeps.sweep_objects(database, remains.all_old(objects), rules)

    for key in ("backup/originals", "originals.txt", "zzz/1"):
        assert await objects.head(key) is not None
        await objects.delete(key)


async def test_a_walk_goes_on_where_it_was_broken_off(database, objects, ann, rules, monkeypatch):
    keys = await remains.halfway(objects)
    store = remains.all_old(objects)
    noted = walks.note

    async def dies(tx, walk, place, listed, found):
        gone_on = await noted(tx, walk, place, listed, found)
        if place.startswith("media/"):
            await tx.commit()
            raise asyncio.CancelledError
        return gone_on

    monkeypatch.setattr(walks, "note", dies)
    with pytest.raises(asyncio.CancelledError):
        await sweeps.sweep_objects(database, store, rules)
    monkeypatch.setattr(walks, "note", noted)
    place = await scalar(database, text("select place from sweeps where finished_at is null"))
    assert place.startswith("media/")
    # That part of the bucket is not listed again: what came there meanwhile waits for the next.
    before = "exports/0.zip"
    await objects.write(before, b"left over", "application/zip")

    walk = await sweeps.sweep_objects(database, store, rules)

    assert walk.removed == len(keys)
    assert await objects.head(before) is not None
    assert (await sweeps.sweep_objects(database, store, rules)).removed == 1


async def test_two_walk_at_the_same_time(database, objects, rules):
    keys = [key for _ in range(4) for key in await remains.halfway(objects)]
    store = remains.all_old(objects)

    both = await asyncio.gather(*(sweeps.sweep_objects(database, store, rules) for _ in range(2)))
    await sweeps.sweep_objects(database, store, rules)

    assert any(both)
    assert not any([await objects.head(key) for key in keys])
    left = select(func.count()).select_from(tables.orphans)
    assert await scalar(database, left) == 0


async def test_a_bucket_with_nothing_to_do_is_cheap(database, objects, ann, workshop, rules):
    photo = await make_awaiting(database, objects, ann)
    await make(workshop, photo.key)
    store = remains.all_old(objects)
    await sweeps.sweep_objects(database, store, rules)
    store.listings = 0

    counter = StatementCount()
    token = statements.set(counter)
    walk = await sweeps.sweep_objects(database, store, rules)
    statements.reset(token)

    assert walk.removed == 0
    # Begin and finish take six; each listing of up to a thousand objects takes one.
    assert counter.total - store.listings == 6
    assert len(await variant_rows(database, photo)) == MADE


@pytest.mark.torture
async def test_more_than_one_listing(database, objects, rules):
    keys = [f"originals/{number:032x}" for number in range(1_050)]
    for start in range(0, len(keys), 50):
        some = keys[start : start + 50]
        await asyncio.gather(*(objects.write(key, b"x", "image/jpeg") for key in some))

    held = await sweeps.sweep_objects(database, remains.all_old(objects), rules)
    walk = await sweeps.sweep_objects(
        database, remains.all_old(objects), Rules(TIMES, most_originals=2_000)
    )

    assert (held.held, held.removed) == (1_050, 0)
    assert (walk.held, walk.removed) == (0, 1_050)
    assert await objects.keys("originals/0000000000") == []
