"""Variants are made anew in the background: whoever reads notices nothing but new addresses."""

from contextlib import suppress

import pytest
from sqlalchemy import func, select, text, update

from storage import edits, moves, regeneration, tables, variants
from storage.jobs import LATER
from storage.objects import StoreUnavailable
from storage.reached import Unavailable
from storage.regeneration import Selection
from storage.rows import VariantName, Visibility
from storage.variants import VariantFormat, token_of
from tests.making import LONG
from tests.storing import (
    Breaking,
    BreakingDatabase,
    BreakingObjects,
    Died,
    Meanwhile,
    counts,
    every_object,
    make_awaiting,
    scalar,
    variant_rows,
    whole_row,
)
from tests.sweeping import remains
from tests.sweeping.conftest import TIMES
from workers import media, sweeps
from workers import regeneration as work
from workers.outcomes import Outcome
from workers.variants import Workshop, make

NAMES = {
    variants.key("", name, kind).rpartition("/")[2]
    for name in VariantName
    for kind in VariantFormat
}
PUBLIC, PRIVATE = Visibility.PUBLIC, Visibility.PRIVATE


@pytest.fixture(autouse=True)
async def alone(database):
    """Nothing is under way, and of other tests' photos nothing is left to be made anew."""
    async with database.begin() as tx:
        await regeneration.cancel(tx)
        await tx.execute(update(tables.photos).values(created_at=func.now() - 2 * LONG))


@pytest.fixture
def ready(database, objects, workshop, ann):
    async def ready(visibility=PUBLIC, owner=ann):
        photo = await make_awaiting(database, objects, owner, visibility)
        assert await make(workshop, photo.key) is Outcome.DONE
        return photo

    return ready


@pytest.fixture
def begun(database):
    """Begin to make photos anew, and take the first ones up."""

    async def begun(**selection):
        async with database.begin() as tx:
            since = func.now() - LONG
            moment = (await tx.execute(select(since))).scalar_one()
            row = await regeneration.begin(tx, Selection(since=moment, **selection))
        async with database.begin() as tx:
            assert await regeneration.take_up(tx, row.id)
        return row

    return begun


async def seen(database, id):
    async with database.connect() as connection:
        return await regeneration.by_id(connection, id)


async def keys_of(database, photo):
    """The keys of a photo's variants, by the names that end them."""
    return {row.key.rpartition("/")[2]: row.key for row in await variant_rows(database, photo)}


async def bytes_of(objects, keys):
    return {name: await objects.read(key, 10**6) for name, key in keys.items()}


async def change(database, photo, visibility):
    async with database.begin() as tx:
        row = await edits.lock_own(tx, photo.key, (await whole_row(database, photo)).owner_id)
        await edits.apply(tx, row, {"visibility": visibility})


async def lasting(database, photo):
    """All that must not change about a photo."""
    row = (await whole_row(database, photo))._asdict()
    return {name: value for name, value in row.items() if name != "media_token"}


async def told(database):
    rows = select(func.count()).select_from(tables.notifications)
    return await scalar(database, rows)


async def test_new_variants_take_the_place_of_the_old_ones(
    database, objects, ann, ready, begun, jobs
):
    photos = [await ready(), await ready(), await ready(PRIVATE)]
    await jobs.run()
    old = [await keys_of(database, photo) for photo in photos]
    was = [await lasting(database, photo) for photo in photos], await counts(database, ann)
    notified = await told(database)

    row = await begun()
    assert row.total == 3
    await jobs.run()

    ended = await seen(database, row.id)
    assert (ended.listed, ended.made, ended.failed) == (3, 3, 0)
    assert ended.ended_at is not None
    new = [await keys_of(database, photo) for photo in photos]
    for before, after, photo in zip(old, new, photos, strict=True):
        assert set(before) == set(after) == NAMES
        assert set(before.values()).isdisjoint(after.values())
        assert await bytes_of(objects, before) == await bytes_of(objects, after)
        tokens = {token_of(key) for key in after.values()}
        assert tokens == {(await whole_row(database, photo)).media_token}
    prefixes = [{key.partition("/")[0] for key in keys.values()} for keys in new]
    assert prefixes == [{"media"}, {"media"}, {"restricted"}]
    now = [await lasting(database, photo) for photo in photos], await counts(database, ann)
    assert now == was
    assert await told(database) == notified


async def test_old_objects_go_when_their_time_is_over(database, objects, ready, begun, jobs):
    photo = await ready()
    old = await keys_of(database, photo)
    await begun()
    await jobs.run()
    await sweeps.sweep_rows(database, TIMES)
    await sweeps.sweep_objects(
        database, remains.all_old(objects), sweeps.Rules(TIMES, most_originals=0)
    )
    assert set(old.values()) <= await every_object(objects)
    replaced = tables.replaced_variants
    async with database.begin() as tx:
        over = update(replaced).where(replaced.c.photo_id == photo.key)
        await tx.execute(over.values(removable_at=func.now()))

    swept = await sweeps.sweep_rows(database, TIMES)
    await jobs.run()

    assert swept["replaced variants"] == len(NAMES)
    assert await every_object(objects) & set(old.values()) == set()
    assert set((await keys_of(database, photo)).values()) <= await every_object(objects)


async def test_one_size_is_made_and_the_others_are_kept(database, objects, ready, begun, jobs):
    photo = await ready()
    old = await keys_of(database, photo)
    for key in old.values():
        await objects.write(key, b"of an older encoder", "image/webp")

    await begun(only_size=VariantName.THUMB)
    await jobs.run()

    made = await bytes_of(objects, await keys_of(database, photo))
    old_ones = {name for name, data in made.items() if data == b"of an older encoder"}
    assert old_ones == {name for name in NAMES if not name.startswith("thumb.")}


async def test_a_lost_variant_is_made_again(database, objects, ready, begun, jobs):
    photo = await ready()
    old = await keys_of(database, photo)
    whole = await bytes_of(objects, old)
    await objects.delete(old["medium.webp"])

    await begun(only_size=VariantName.THUMB)
    await jobs.run()

    assert await bytes_of(objects, await keys_of(database, photo)) == whole


async def test_a_photo_whose_original_is_lost_keeps_what_it_has(
    database, objects, ready, begun, jobs
):
    photo = await ready()
    old = await keys_of(database, photo)
    await objects.delete(await remains.original_of(database, photo))

    row = await begun()
    await jobs.run()

    ended = await seen(database, row.id)
    assert (ended.made, ended.failed) == (0, 1)
    assert await keys_of(database, photo) == old
    assert (await whole_row(database, photo)).status == "READY"
    async with database.connect() as connection:
        (failure,) = await regeneration.failures(connection, row.id)
    assert (failure.photo_id, failure.code) == (photo.key, "PROCESSING_ERROR")
    await objects.write(await remains.original_of(database, photo), b"", "image/jpeg")


@pytest.mark.parametrize("moves_first", [True, False])
async def test_what_becomes_private_meanwhile_is_public_nowhere(
    database, objects, workshop, ready, begun, jobs, moves_first
):
    photo = await ready()
    old = await keys_of(database, photo)
    await begun()

    async def hide():
        await change(database, photo, PRIVATE)
        if moves_first:
            assert await media.move(database, objects, photo.key) is Outcome.DONE

    late = Workshop(database, objects, Meanwhile(workshop.studio, hide))
    assert await work.remake(late, photo.key, LONG) is Outcome.AGAIN
    await jobs.run()

    now = await keys_of(database, photo)
    assert {key.partition("/")[0] for key in now.values()} == {"restricted"}
    left = await every_object(objects)
    assert set(now.values()) <= left
    assert left & set(old.values()) == set()
    assert set(await scalar_keys(database, photo)).isdisjoint(old.values())


async def scalar_keys(database, photo):
    replaced = tables.replaced_variants
    async with database.connect() as connection:
        keys = select(replaced.c.key).where(replaced.c.photo_id == photo.key)
        return (await connection.execute(keys)).scalars().all()


async def test_what_becomes_private_later_takes_the_replaced_ones_along(
    database, objects, ready, begun, jobs
):
    photo = await ready()
    old = await keys_of(database, photo)
    await begun()
    await jobs.run()
    assert set(old.values()) <= await every_object(objects)

    await change(database, photo, PRIVATE)
    await jobs.run()

    assert await every_object(objects) & set(old.values()) == set()
    assert await scalar_keys(database, photo) == []


async def test_what_is_deleted_meanwhile_leaves_nothing(
    database, objects, workshop, ann, ready, begun, jobs
):
    before = await every_object(objects)
    photo = await ready()
    row = await begun()

    async def delete():
        async with database.begin() as tx:
            await edits.remove(tx, photo.key, ann.key)

    late = Workshop(database, objects, Meanwhile(workshop.studio, delete))
    assert await work.remake(late, photo.key, LONG) is Outcome.NOTHING
    await jobs.run()

    assert await every_object(objects) == before
    assert (await seen(database, row.id)).ended_at is not None


async def test_a_move_that_was_under_way_comes_too_late(
    database, objects, workshop, ready, begun, jobs
):
    photo = await ready()
    await jobs.run()
    await change(database, photo, PRIVATE)
    async with database.begin() as tx:
        move = await moves.begin(tx, photo.key)
    await media._copy(objects, move)
    await begun()

    assert await work.remake(workshop, photo.key, LONG) is Outcome.DONE
    async with database.begin() as tx:
        assert not await moves.finish(tx, move)
    await jobs.run()

    left = await every_object(objects)
    assert {move.target(row) for row in move.moved} & left == set()
    assert set((await keys_of(database, photo)).values()) <= left


async def test_a_late_worker_changes_nothing(database, objects, workshop, ready, begun, jobs):
    photo = await ready()
    await begun()

    async def overtaken():
        assert await work.remake(workshop, photo.key, LONG) is Outcome.DONE

    late = Workshop(database, objects, Meanwhile(workshop.studio, overtaken))
    before = await every_object(objects)
    assert await work.remake(late, photo.key, LONG) is Outcome.NOTHING

    assert len(await every_object(objects) - before) == len(NAMES)
    await jobs.run()
    assert set((await keys_of(database, photo)).values()) <= await every_object(objects)
    assert len(await scalar_keys(database, photo)) == len(NAMES)


@pytest.mark.parametrize("takes_effect", [True, False])
@pytest.mark.parametrize("part", ["store", "database"])
@pytest.mark.parametrize(
    "error",
    [
        pytest.param(Died(), id="killed"),
        pytest.param(None, id="out of reach", marks=pytest.mark.torture),
    ],
)
async def test_broken_off_anywhere_it_ends_the_same(
    database, objects, workshop, ready, begun, jobs, takes_effect, part, error
):
    fault = error or (StoreUnavailable("down") if part == "store" else Unavailable("down"))
    photo = await ready()
    await jobs.run()
    for at in range(1, 20):
        row = await begun()
        breaking = Breaking(fault, at, takes_effect=takes_effect)
        broken = Workshop(
            BreakingDatabase(database, breaking) if part == "database" else database,
            BreakingObjects(objects, breaking) if part == "store" else objects,
            workshop.studio,
        )
        with suppress(Died):
            await work.remake(broken, photo.key, LONG)
        await jobs.run()
        ended = await seen(database, row.id)
        assert (ended.made, ended.failed, ended.ended_at is None) == (1, 0, False)
        assert set((await keys_of(database, photo)).values()) <= await every_object(objects)
        if not breaking.has_broken:
            break
    assert at > 2


async def test_only_one_at_a_time_and_cancelled_it_stops(database, workshop, ready, begun, jobs):
    photo = await ready()
    old = await keys_of(database, photo)
    row = await begun()
    async with database.begin() as tx:
        with pytest.raises(regeneration.Conflict):
            await regeneration.begin(tx, Selection())

    async with database.begin() as tx:
        assert await regeneration.cancel(tx)
    await jobs.run()

    ended = await seen(database, row.id)
    assert (ended.is_cancelled, ended.made) == (True, 0)
    assert await keys_of(database, photo) == old
    async with database.begin() as tx:
        assert not await regeneration.cancel(tx)


async def test_how_many_are_under_way_is_bounded(database, ready, begun, monkeypatch):
    monkeypatch.setattr(regeneration, "BATCH", 2)
    photos = [await ready() for _ in range(3)]
    row = await begun()

    async with database.begin() as tx:
        assert await regeneration.take_up(tx, row.id)

    assert (await seen(database, row.id)).listed == 2
    priorities = text(
        "select distinct priority from pgqueuer where entrypoint = 'remake_variants' "
        "and payload = any(:ids)"
    )
    asked = priorities.bindparams(ids=[photo.key.bytes for photo in photos])
    assert await scalar(database, asked) == LATER
