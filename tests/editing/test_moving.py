"""Variants move to where their audience reaches them, whatever happens on the way."""

import asyncio
import contextlib
import secrets

import pytest
from sqlalchemy import text, update

from server.worker import handlers
from storage import edits, moves, users, variants
from storage import jobs as storage_jobs
from storage.objects import StoreUnavailable
from storage.rows import VariantName, Visibility
from storage.tables import photos
from tests.making import made, make_follow, make_photo
from tests.storing import (
    Breaking,
    BreakingDatabase,
    BreakingObjects,
    Died,
    Meanwhile,
    every_object,
    is_signed,
    make_awaiting,
    make_stored,
    somebody_waits,
    variant_rows,
)
from workers import media as movers
from workers.outcomes import Outcome
from workers.variants import Workshop, make


async def test_narrowing_moves_the_variants_and_the_old_addresses_die(
    database, objects, settings, jobs, urls, fetched, show, ann, bob
):
    await make_follow(database, by=bob, of=ann)
    photo = await make_stored(database, objects, ann)
    before, others = await urls(photo), await every_object(objects)
    old = {row.key for row in await variant_rows(database, photo)}

    await show(photo, ann, "FOLLOWERS")
    assert await jobs.kinds() == ["move_variants"]
    await jobs.run()

    for url in before.values():
        assert (await fetched(url))[0] == 404
    assert await urls(photo) is None
    after = await urls(photo, bob)
    assert after.keys() == before.keys()
    for name, url in after.items():
        assert is_signed(url, settings)
        assert await fetched(url) == (200, name.encode())
        assert (await fetched(url.partition("?")[0]))[0] == 403
    new = {row.key for row in await variant_rows(database, photo)}
    assert await every_object(objects) == others - old | new


async def test_widening_gives_plain_addresses_and_signed_ones_live_out_their_time(
    database, objects, settings, jobs, urls, fetched, show, ann
):
    photo = await make_stored(database, objects, ann, Visibility.PRIVATE)
    before, others = await urls(photo, ann), await every_object(objects)
    old = {row.key for row in await variant_rows(database, photo)}

    await show(photo, ann, "PUBLIC")
    await jobs.run("move_variants")

    after = await urls(photo)
    for name, url in after.items():
        assert not is_signed(url, settings)
        assert await fetched(url) == (200, name.encode())
        assert await fetched(before[name]) == (200, name.encode())
    query = text("select execute_after > now() + interval '19 min' from pgqueuer where id = :id")
    [(id, _, _)] = await jobs.waiting()
    async with database.connect() as connection:
        assert (await connection.execute(query.bindparams(id=id))).scalar_one()
    await jobs.run()
    new = {row.key for row in await variant_rows(database, photo)}
    assert await every_object(objects) == others - old | new


@pytest.mark.parametrize(("one", "other"), [("FOLLOWERS", "PRIVATE"), ("PRIVATE", "FOLLOWERS")])
async def test_what_is_for_some_either_way_stays_where_it_is(
    database, objects, jobs, urls, show, ann, one, other
):
    photo = await make_stored(database, objects, ann, Visibility(one))
    before = await variant_rows(database, photo)

    await show(photo, ann, other)

    assert await jobs.kinds() == []
    assert await variant_rows(database, photo) == before


async def test_an_account_that_becomes_private_and_public_again_moves_what_is_public(
    database, objects, monkeypatch, jobs, urls, fetched, hide, settings, ann, bob
):
    await make_follow(database, by=bob, of=ann)
    monkeypatch.setattr(movers, "BATCH", 1)
    shown = [await make_stored(database, objects, ann) for _ in range(3)]
    some = [await make_stored(database, objects, ann, v) for v in list(Visibility)[1:]]
    await make_photo(database, ann, is_ready=False)
    unmoved = [await variant_rows(database, photo) for photo in some]
    before = [await urls(photo) for photo in shown]
    total = len(await every_object(objects))

    await hide(ann, is_private=True)
    assert await jobs.kinds() == ["move_variants_of"]
    await jobs.run()

    for photo, old in zip(shown, before, strict=True):
        assert {(await fetched(url))[0] for url in old.values()} == {404}
        new = await urls(photo, bob)
        assert all(is_signed(url, settings) for url in new.values())
        assert {(await fetched(url))[0] for url in new.values()} == {200}
    assert [await variant_rows(database, photo) for photo in some] == unmoved
    assert len(await every_object(objects)) == total

    await hide(ann, is_private=False)
    await jobs.run()

    for photo, old in zip(shown, before, strict=True):
        again = await urls(photo)
        assert not any(is_signed(url, settings) for url in again.values())
        assert set(again.values()).isdisjoint(old.values())
        assert {(await fetched(url))[0] for url in again.values()} == {200}
    assert [await variant_rows(database, photo) for photo in some] == unmoved
    assert len(await every_object(objects)) == total


async def settled(database, objects, photo, *, is_public, others):
    """The photo's variants lie where they belong, and nothing else is left."""
    rows = await variant_rows(database, photo)
    assert {variants.lies_in_public(row.key) for row in rows} == {is_public}
    assert {row.key for row in rows} == await every_object(objects) - others
    assert {row.name for row in rows} == set(VariantName)
    query = photos.select().where(photos.c.id == photo.key)
    async with database.connect() as connection:
        token = (await connection.execute(query)).one().media_token
    assert {variants.token_of(row.key) for row in rows} == {token}


async def test_a_change_of_mind_before_anything_moved(
    database, objects, jobs, show, fetched, urls, ann
):
    others = await every_object(objects)
    photo = await make_stored(database, objects, ann)
    before = await urls(photo)

    await show(photo, ann, "PRIVATE")
    await show(photo, ann, "PUBLIC")
    await jobs.run()

    assert await urls(photo) == before
    await settled(database, objects, photo, is_public=True, others=others)


async def test_only_the_latest_move_of_a_photo_counts(database, objects, jobs, show, ann):
    others = await every_object(objects)
    photo = await make_stored(database, objects, ann)
    await show(photo, ann, "PRIVATE")
    begun = []
    for _ in range(2):
        async with database.begin() as tx:
            begun.append(await moves.begin(tx, photo.key))
        for row in begun[-1].moved:
            await objects.copy(row.key, begun[-1].target(row))

    async with database.begin() as tx:
        assert [await moves.finish(tx, move) for move in begun] == [False, True]
    await jobs.run()

    await settled(database, objects, photo, is_public=False, others=others)


async def test_many_moves_at_once_and_changes_of_mind_end_well(database, objects, jobs, show, ann):
    others = await every_object(objects)
    photo = await make_stored(database, objects, ann)

    async def move():
        await movers.move(database, objects, photo.key)

    for to in ("PRIVATE", "PUBLIC", "FOLLOWERS", "PUBLIC", "PRIVATE"):
        await asyncio.gather(move(), show(photo, ann, to), move(), move())
        rows = await variant_rows(database, photo)
        # No row ever speaks of an object that is not there.
        assert {row.key for row in rows} <= await every_object(objects)
    await jobs.run()

    await settled(database, objects, photo, is_public=False, others=others)


# A transaction begins it, three variants are copied, a transaction ends it.
@pytest.mark.parametrize("step", range(1, 6))
@pytest.mark.parametrize("takes_effect", [False, True])
@pytest.mark.parametrize("error", [StoreUnavailable("away"), Died("killed")], ids=repr)
@pytest.mark.parametrize("becomes_public", [False, True])
@pytest.mark.parametrize("changes", ["photo", "account"])
async def test_a_move_that_breaks_anywhere_is_made_good(
    database,
    objects,
    studio,
    jobs,
    show,
    hide,
    ann,
    step,
    takes_effect,
    error,
    becomes_public,
    changes,
):
    others = await every_object(objects)
    if changes == "account":
        await hide(ann, is_private=becomes_public)
        photo = await make_stored(database, objects, ann)
        await jobs.run()
        await hide(ann, is_private=not becomes_public)
    else:
        one, other = sorted([Visibility.PUBLIC, Visibility.PRIVATE], reverse=not becomes_public)
        photo = await make_stored(database, objects, ann, one)
        await show(photo, ann, other)
    breaking = Breaking(error, step, takes_effect=takes_effect)
    broken = BreakingDatabase(database, breaking), BreakingObjects(objects, breaking)

    [(_, kind, payload)] = await jobs.waiting()
    with contextlib.suppress(Died):
        assert await handlers(Workshop(*broken, studio))[kind](payload) is Outcome.AGAIN
    assert breaking.has_broken
    rows = await variant_rows(database, photo)
    assert {row.key for row in rows} <= await every_object(objects)
    await jobs.run()

    await settled(database, objects, photo, is_public=becomes_public, others=others)


@pytest.mark.parametrize("step", range(1, 4))
@pytest.mark.parametrize("takes_effect", [False, True])
async def test_a_removal_that_breaks_anywhere_is_made_good(objects, step, takes_effect):
    keys = [f"media/{secrets.token_hex(16)}/thumb.webp" for _ in range(3)]
    for key in keys:
        await objects.write(key, b"old", "image/webp")
    breaking = Breaking(StoreUnavailable("away"), step, takes_effect=takes_effect)
    broken = BreakingObjects(objects, breaking)

    assert await movers.remove(broken, keys) is Outcome.AGAIN
    assert await movers.remove(broken, keys) is Outcome.DONE

    assert await every_object(objects) & set(keys) == set()


async def test_a_lost_size_does_not_keep_the_others_from_being_moved(
    database, objects, jobs, show, ann
):
    photo = await make_stored(database, objects, ann)
    lost, *_ = before = [row.key for row in await variant_rows(database, photo)]
    await objects.delete(lost)

    await show(photo, ann, "PRIVATE")
    await jobs.run()

    rows = await variant_rows(database, photo)
    assert not any(variants.lies_in_public(row.key) for row in rows)
    there = await every_object(objects)
    assert [row.key in there for row in rows] == [False, True, True]
    assert there.isdisjoint(before)


@pytest.mark.parametrize("event", ["narrow", "widen", "hide", "open"])
async def test_an_audience_that_changes_while_variants_are_made_gets_them_where_it_belongs(
    database, objects, studio, jobs, show, hide, ann, event
):
    others = await every_object(objects)
    await hide(ann, is_private=event == "open")
    photo = await make_awaiting(
        database, objects, ann, Visibility.PRIVATE if event == "widen" else Visibility.PUBLIC
    )
    files = await every_object(objects) - others

    async def happens():
        match event:
            case "narrow":
                await show(photo, ann, "FOLLOWERS")
            case "widen":
                await show(photo, ann, "PUBLIC")
            case _:
                await hide(ann, is_private=event == "hide")
        # All that was enqueued runs before there is anything to move.
        await jobs.run()

    workshop = Workshop(database, objects, Meanwhile(studio, happens))
    assert await make(workshop, photo.key) is Outcome.DONE
    await jobs.run()

    is_public = event in {"widen", "open"}
    await settled(database, objects, photo, is_public=is_public, others=others | files)


@pytest.mark.parametrize("settling", ["made", "moved"])
@pytest.mark.parametrize("is_first", [False, True])
async def test_an_account_that_becomes_private_at_that_very_moment(
    database, objects, jobs, ann, settling, is_first
):
    others = await every_object(objects)

    async def hide(tx):
        await users.change(tx, ann.key, is_private=True)
        await storage_jobs.move_variants_of(tx, ann.key)

    if settling == "moved":
        photo = await make_stored(database, objects, ann, Visibility.PRIVATE)
        async with database.begin() as tx:
            row = await edits.lock_own(tx, photo.key, ann.key)
            await edits.apply(tx, row, edits.Edit(visibility=Visibility.PUBLIC))
            move = await moves.begin(tx, photo.key)
        for row in move.moved:
            await objects.copy(row.key, move.target(row))

        async def settle(tx):
            return await moves.finish(tx, move)

    else:
        photo = await make_photo(database, ann, is_ready=False)
        async with database.begin() as tx:
            attempt = await variants.begin_attempt(tx, photo.key)
        written = made(attempt)
        for row in written:
            await objects.write(row.key, b"made", "image/webp")

        async def settle(tx):
            return await variants.finish(
                tx, attempt, written, width=4, height=3, blurhash="", dominant_color=""
            )

    async def second(act):
        async with database.begin() as tx:
            return await act(tx)

    async with database.begin() as tx:
        await (settle if is_first else hide)(tx)
        waiting = asyncio.create_task(second(hide if is_first else settle))
        await somebody_waits(database)
    await waiting
    if settling == "moved" and not is_first:
        # As the worker does whose move came too late.
        assert waiting.result() is False
        for row in move.moved:
            await objects.delete(move.target(row))
    await jobs.run()

    await settled(database, objects, photo, is_public=False, others=others)


@pytest.mark.parametrize("narrowed", [False, True])
async def test_a_worker_that_was_overtaken_takes_back_only_what_nobody_needs(
    database, objects, studio, workshop, jobs, show, ann, narrowed
):
    others = await every_object(objects)
    photo = await make_awaiting(database, objects, ann)
    files = await every_object(objects) - others

    async def overtaken():
        if narrowed:
            await show(photo, ann, "PRIVATE")
        assert await make(workshop, photo.key) is Outcome.DONE

    late = Workshop(database, objects, Meanwhile(studio, overtaken))
    assert await make(late, photo.key) is Outcome.NOTHING
    await jobs.run()

    await settled(database, objects, photo, is_public=not narrowed, others=others | files)


async def test_a_worker_that_was_overtaken_leaves_what_its_successor_has_written(
    database, objects, studio, jobs, ann
):
    others = await every_object(objects)
    photo = await make_awaiting(database, objects, ann)
    files = await every_object(objects) - others
    attempts = []

    async def overtaken():
        async with database.begin() as tx:
            attempts.append(await variants.begin_attempt(tx, photo.key))
        for row in made(attempts[0]):
            await objects.write(row.key, b"made", "image/webp")

    late = Workshop(database, objects, Meanwhile(studio, overtaken))
    assert await make(late, photo.key) is Outcome.NOTHING
    async with database.begin() as tx:
        assert await variants.finish(
            tx, attempts[0], made(attempts[0]), width=4, height=3, blurhash="", dominant_color=""
        )
    await jobs.run()

    await settled(database, objects, photo, is_public=True, others=others | files)


async def test_what_a_killed_worker_made_for_everybody_is_gone_when_fewer_may_see_it(
    database, objects, workshop, studio, jobs, show, ann
):
    others = await every_object(objects)
    photo = await make_awaiting(database, objects, ann)
    files = await every_object(objects) - others
    # It is killed once all variants are written: the first call reads the original.
    breaking = Breaking(Died("killed"), 4, takes_effect=True)
    with pytest.raises(Died):
        await make(Workshop(database, BreakingObjects(objects, breaking), studio), photo.key)
    assert len(await every_object(objects) - others - files) == 3

    await show(photo, ann, "FOLLOWERS")
    assert await make(workshop, photo.key) is Outcome.DONE
    await jobs.run()

    await settled(database, objects, photo, is_public=False, others=others | files)


async def test_a_photo_without_variants_has_nothing_to_move(database, objects, ann):
    waiting = await make_photo(database, ann, is_ready=False)

    assert await movers.move(database, objects, waiting.key) is Outcome.NOTHING
    async with database.begin() as tx:
        await tx.execute(update(photos).where(photos.c.id == waiting.key).values(crashes=0))
    assert await movers.move_all(database, objects, ann.key) is Outcome.DONE
