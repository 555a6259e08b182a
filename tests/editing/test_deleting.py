"""A deleted photo is gone: rows, bytes, and every way back."""

import asyncio

import pytest
from sqlalchemy import func, select, text, update

from schema.nodes import parsed
from server.worker import handlers
from storage import edits, photos, tables, uploads, variants
from storage.objects import StoreUnavailable
from storage.photos import Draft
from storage.refusals import Missing
from storage.rows import Visibility
from tests.editing.operations import DELETE, PHOTO
from tests.making import (
    make_comment,
    make_like,
    make_photo,
)
from tests.storing import (
    Breaking,
    BreakingObjects,
    Died,
    Meanwhile,
    counts,
    every_object,
    make_awaiting,
    make_stored,
    scalar,
    somebody_waits,
)
from workers.outcomes import Outcome
from workers.variants import Workshop, make

PUBLISH = """
mutation($id: ID!) { publishPhoto(input: {uploadId: $id}) { photo { id } errors { code path } } }
"""


async def total(database, table, photo):
    column = table.c.photo_id
    return await scalar(database, select(func.count()).where(column == photo.key))


async def test_a_deleted_photo_is_gone_with_all_that_hung_on_it(
    database, objects, ask, jobs, delete, workshop, ann, bob
):
    others, kept = await every_object(objects), await make_photo(database, ann)
    photo = await make_awaiting(database, objects, ann)
    await make(workshop, photo.key)
    await make_like(database, by=bob, of=photo)
    await make_comment(
        database, by=ann, of=photo, to=await make_comment(database, by=bob, of=photo)
    )
    assert len(await every_object(objects) - others) == 8
    assert await total(database, tables.notifications, photo) > 0
    assert await counts(database, ann) == (2, 2, 2)

    assert await delete(ann, photo) == {"deletedId": photo.id, "errors": []}

    assert await counts(database, ann) == (1, 1, 1)
    assert (await ask(PHOTO, viewer=ann, id=photo.id))["node"] is None
    for table in (tables.variants, tables.likes, tables.comments, tables.notifications):
        assert await total(database, table, photo) == 0
    upload = parsed(photo.upload_id)[1]
    assert await scalar(database, select(func.count()).where(tables.uploads.c.id == upload)) == 0
    assert await jobs.kinds() == ["remove_objects", "remove_objects"]
    await jobs.run()
    assert await every_object(objects) == others
    assert (await ask(PHOTO, viewer=ann, id=kept.id))["node"] is not None


@pytest.mark.parametrize("visibility", Visibility)
@pytest.mark.parametrize("is_ready", [False, True])
async def test_counts_follow_a_deletion(database, delete, ann, visibility, is_ready):
    photo = await make_photo(database, ann, visibility=visibility, is_ready=is_ready)

    await delete(ann, photo)

    assert await counts(database, ann) == (0, 0, 0)


async def test_deleting_twice_finds_nothing_the_second_time(database, delete, jobs, ann):
    photo = await make_photo(database, ann)

    answers = await asyncio.gather(*(delete(ann, photo) for _ in range(8)))

    missing = {"deletedId": None, "errors": [{"code": "NOT_FOUND", "path": ["id"]}]}
    assert answers.count({"deletedId": photo.id, "errors": []}) == 1
    assert answers.count(missing) == 7
    assert await delete(ann, photo) == missing
    assert await counts(database, ann) == (0, 0, 0)
    assert await jobs.kinds() == ["remove_objects", "remove_objects"]


async def test_publishing_the_upload_again_brings_nothing_back(
    database, objects, ask, delete, jobs, ann
):
    others = await every_object(objects)
    photo = await make_awaiting(database, objects, ann)
    await delete(ann, photo)

    answer = (await ask(PUBLISH, viewer=ann, id=photo.upload_id))["publishPhoto"]

    assert answer["photo"] is None
    assert answer["errors"] == [{"code": "NOT_FOUND", "path": ["input", "uploadId"]}]
    assert await counts(database, ann) == (0, 0, 0)
    await jobs.run()
    assert await every_object(objects) == others


async def test_publishing_while_it_is_deleted_brings_nothing_back(
    database, objects, ask, delete, jobs, ann
):
    others = await every_object(objects)
    photo = await make_awaiting(database, objects, ann)
    # As before it was published for the first time: everyone will try to.
    async with database.begin() as tx:
        await tx.execute(tables.photos.delete().where(tables.photos.c.id == photo.key))
        await tx.execute(
            update(tables.users).where(tables.users.c.id == ann.key).values(own_photo_count=0)
        )

    async def publish():
        return (await ask(PUBLISH, viewer=ann, id=photo.upload_id))["publishPhoto"]

    async def publish_and_delete():
        published = (await publish())["photo"]
        if published:
            await ask(DELETE, viewer=ann, id=published["id"])

    await asyncio.gather(*(publish_and_delete() for _ in range(4)), *(publish() for _ in range(4)))

    assert await counts(database, ann) == (0, 0, 0)
    assert (await publish())["photo"] is None
    await jobs.run()
    original = {key for key in await every_object(objects) - others if "originals" in key}
    # The file that the made-up start left behind.
    assert len(original) == 1


async def test_publishing_at_the_very_moment_of_the_deletion_finds_nothing(
    database, objects, ask, jobs, ann
):
    others = await every_object(objects)
    photo = await make_awaiting(database, objects, ann)
    draft = Draft("", "", "", [], None, None, None, Visibility.PUBLIC)
    async with database.connect() as connection:
        upload = await uploads.require(connection, parsed(photo.upload_id)[1], ann.key)

    async def publish():
        # As a resolver does that has seen no photo of this upload yet.
        async with database.begin() as tx:
            await photos.add(tx, upload, draft, original_key="k", media_token="t")

    async with database.begin() as tx:
        await edits.remove(tx, photo.key, ann.key)
        publishing = asyncio.create_task(publish())
        await somebody_waits(database)
    with pytest.raises(Missing):
        await publishing

    assert await counts(database, ann) == (0, 0, 0)
    await jobs.run()
    assert await every_object(objects) == others


async def test_a_worker_that_comes_too_late_leaves_nothing(
    database, objects, studio, delete, jobs, ann
):
    others = await every_object(objects)
    photo = await make_awaiting(database, objects, ann)

    async def deleted():
        await delete(ann, photo)
        await jobs.run()
        assert await every_object(objects) == others

    late = Workshop(database, objects, Meanwhile(studio, deleted))
    assert await make(late, photo.key) is Outcome.NOTHING

    assert await every_object(objects) == others
    assert await counts(database, ann) == (0, 0, 0)


async def test_what_a_late_worker_wrote_before_it_was_killed_is_removed_later(
    database, objects, studio, workshop, delete, jobs, ann, monkeypatch
):
    others = await every_object(objects)
    photo = await make_awaiting(database, objects, ann)
    may_finish = variants.may_finish
    # It reads the original, writes three variants, and that was its last act.
    breaking = Breaking(Died("killed"), 4, takes_effect=True)

    async def just_before(*arguments):
        answer = await may_finish(*arguments)
        await delete(ann, photo)
        [(_, kind, payload), _] = await jobs.waiting()
        assert await handlers(workshop)[kind](payload) is Outcome.DONE
        assert await every_object(objects) == others
        return answer

    monkeypatch.setattr(variants, "may_finish", just_before)
    dying = Workshop(database, BreakingObjects(objects, breaking), studio)
    with pytest.raises(Died):
        await make(dying, photo.key)
    assert len(await every_object(objects) - others) == 3
    query = text("select count(*) from pgqueuer where id > :id and execute_after > now()")
    [(first, _, _), _] = await jobs.waiting()
    assert await scalar(database, query.bindparams(id=first)) == 1

    await jobs.run()

    monkeypatch.undo()
    assert await make(workshop, photo.key) is Outcome.NOTHING
    assert await every_object(objects) == others


async def test_a_photo_that_is_deleted_while_it_moves_leaves_nothing(
    database, objects, change, delete, jobs, workshop, ann
):
    others = await every_object(objects)
    photo = await make_stored(database, objects, ann)
    await change(ann, photo, visibility="PRIVATE")
    breaking = Breaking(StoreUnavailable("away"), 2, takes_effect=True)
    [(_, kind, payload)] = await jobs.waiting()
    half = handlers(Workshop(database, BreakingObjects(objects, breaking), workshop.studio))
    assert await half[kind](payload) is Outcome.AGAIN

    await delete(ann, photo)
    await jobs.run()

    assert await every_object(objects) == others
