"""Whose photo is next: who brings many keeps nobody waiting who brings one."""

from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from storage import edits, jobs, tables, turns
from storage.rows import PhotoFailureCode, PhotoStatus
from tests.making import make_person, make_photo
from tests.queue.conftest import claimed
from tests.queue.lines import many_photos
from tests.storing import scalar

KIND = jobs.MAKE_VARIANTS

# As many publishes leave them: photos that await their variants, and their jobs, each in its turn.
_MANY = many_photos("-(row_number() over () - 1) - :first")


async def bring(database, person, many, first=0):
    async with database.begin() as tx:
        given = {"owner": person.key, "many": many, "first": first}
        await tx.execute(_MANY, given)
        await tx.execute(text("analyze photos, pgqueuer"))


async def publish(database, person):
    photo = await make_photo(database, person, is_ready=False)
    async with database.begin() as tx:
        await jobs.make_variants(tx, photo.key)
    return photo


async def turn(database, photo):
    query = text("select -priority from pgqueuer where payload = :payload")
    return await scalar(database, query.bindparams(payload=photo.key.bytes))


@pytest.fixture
def owners(database, claimer):
    """Claims so many jobs, one after another, and tells whose they were; they are done then."""

    async def owners(many):
        queries, manager = await claimer(), uuid4()
        found = []
        for _ in range(many):
            [job] = await claimed(queries, manager, KIND)
            async with database.begin() as tx:
                id = UUID(bytes=job.payload)
                ready = tables.photos.update().where(tables.photos.c.id == id)
                owner = tables.photos.c.owner_id
                done = ready.values(status=PhotoStatus.READY).returning(owner)
                found.append((await tx.execute(done)).scalar_one())
            await queries.log_jobs([(job, "successful", None)])
        return found

    return owners


async def test_one_photo_is_next_behind_ten_thousand_of_another(database, owners, ann, bob):
    await bring(database, ann, 10_000)

    photo = await publish(database, bob)

    assert await turn(database, photo) == 0
    assert await owners(2) == [ann.key, bob.key]


async def test_in_the_middle_of_them_it_is_next_as_well(database, owners, ann, bob):
    # Five thousand are done, and those that are left have later turns.
    await bring(database, ann, 5_000, first=5_000)

    photo = await publish(database, bob)

    assert await turn(database, photo) == 5_000
    assert await owners(2) == [ann.key, bob.key]


async def test_who_brings_more_comes_behind_all_of_their_own(database, ann):
    await bring(database, ann, 50, first=7)

    assert [await turn(database, await publish(database, ann)) for _ in range(3)] == [57, 58, 59]


async def test_people_who_bring_many_take_turns(database, owners, ann, bob, cid):
    for person in (ann, bob):
        for _ in range(4):
            await publish(database, person)
    first = await owners(3)
    await publish(database, cid)

    rest = await owners(6)

    assert first == [ann.key, bob.key, ann.key]
    assert rest == [bob.key, cid.key, ann.key, bob.key, ann.key, bob.key]


async def test_a_plan_made_for_an_empty_queue_is_good_for_a_long_one(database, ann):
    photo = await make_photo(database, ann, is_ready=False)
    drawn = f"turn('{photo.key}', {turns.NEWEST})"
    async with database.connect() as connection:
        await connection.execute(text("begin"))
        await connection.execute(text("set local plan_cache_mode = force_generic_plan"))
        await connection.execute(text("truncate pgqueuer"))
        await connection.execute(text(f"prepare turn (uuid, bigint) as {turns.TURN.text}"))
        await connection.execute(text(f"execute {drawn}"))
        await connection.execute(_MANY, {"owner": ann.key, "many": 2_000, "first": 0})
        explained = text(f"explain (analyze, buffers, format json) execute {drawn}")
        [found] = (await connection.execute(explained)).scalar_one()
        await connection.execute(text("deallocate turn"))
        await connection.execute(text("rollback"))

    # Some for each of the owner's newest, and not all that wait for each.
    assert found["Plan"]["Shared Hit Blocks"] < 100 * turns.NEWEST


async def test_a_photo_that_is_tried_again_waits_for_its_turn_too(database, ann, bob):
    photo = await make_photo(database, ann, is_ready=False)
    await bring(database, ann, 3)
    async with database.begin() as tx:
        failed = tables.photos.update().where(tables.photos.c.id == photo.key)
        code = PhotoFailureCode.PROCESSING_ERROR
        await tx.execute(failed.values(status=PhotoStatus.FAILED, failure_code=code))

    async with database.begin() as tx:
        await edits.retry(tx, photo.key, ann.key)

    assert await turn(database, photo) == 3


async def test_a_held_photo_takes_nobody_s_turn(database, hold, ann):
    await hold(ann)

    assert await turn(database, await publish(database, ann)) == 0


async def test_what_nobody_waits_for_comes_behind_every_turn(database, claimer, settings, ann):
    await bring(database, ann, 1, first=900_000_000)
    other = await make_person(database, settings, "dan")
    remade = await make_photo(database, other)
    async with database.begin() as tx:
        await jobs.remake_variants(tx, [remade.key])
        await jobs.regenerate(tx, UUID(int=1))
    queries = await claimer()
    kinds = (jobs.REGENERATE, jobs.REMAKE_VARIANTS, KIND)

    order = [(await claimed(queries, uuid4(), *kinds))[0].entrypoint for _ in kinds]

    assert order == [KIND, jobs.REMAKE_VARIANTS, jobs.REGENERATE]
