"""Kept counts: checked against their rows, repaired under load, told in the metrics."""

import asyncio

import pytest
from sqlalchemy import text, update

from server.cli.counters import walked
from storage import counters
from storage.counters import COUNTERS
from storage.rows import Visibility
from storage.tables import photos, users
from tests.making import make_follow, make_photo


async def check_all(database, *, repair=False):
    found = {}
    for counter in COUNTERS:
        _, wrong, mended = await walked(database, counter, repair=repair)
        found[counter.name] = (wrong, mended)
    return {name: counts for name, counts in found.items() if counts != (0, 0)}


@pytest.fixture
async def exact(database):
    """Other tests may leave rows that they made by hand; here everything begins exact."""
    await check_all(database, repair=True)


async def test_what_the_api_counts_is_exact(database, exact, ann, bob):
    await make_follow(database, by=ann, of=bob)
    for visibility in Visibility:
        await make_photo(database, owner=bob, visibility=visibility)
    await make_photo(database, owner=bob, is_ready=False)

    assert await check_all(database) == {}


async def test_wrong_counts_are_found_told_and_repaired(database, client, exact, ann, bob):
    photo = await make_photo(database, owner=ann)
    async with database.begin() as tx:
        broken = update(users).where(users.c.id.in_([ann.key, bob.key]))
        await tx.execute(broken.values(follower_count=7))
        await tx.execute(update(photos).where(photos.c.id == photo.key).values(like_count=3))

    assert await check_all(database) == {
        "users.follower_count": (2, 0),
        "photos.like_count": (1, 0),
    }
    metrics = (await client.get("/metrics")).text
    assert 'picshare_counter_drift{counter="users.follower_count"} 2.0' in metrics
    assert 'picshare_counter_drift{counter="photos.like_count"} 1.0' in metrics
    assert 'picshare_counter_drift{counter="users.following_count"} 0.0' in metrics

    repaired = await check_all(database, repair=True)

    assert repaired == {"users.follower_count": (2, 2), "photos.like_count": (1, 1)}
    assert await check_all(database) == {}
    assert (
        'picshare_counter_drift{counter="photos.like_count"} 0.0'
        in (await client.get("/metrics")).text
    )


async def _until_somebody_waits(database):
    """Only the database knows that another transaction has come as far as the lock."""
    waiting = text("select count(*) from pg_stat_activity where wait_event_type = 'Lock'")
    async with asyncio.timeout(20):
        while True:
            # What a transaction saw of the others' activity, it goes on seeing.
            async with database.connect() as connection:
                if (await connection.execute(waiting)).scalar_one():
                    return


async def test_a_repair_waits_for_a_writer_and_counts_what_it_wrote(database, exact, ann, bob):
    async with database.begin() as tx:
        await tx.execute(update(users).where(users.c.id == ann.key).values(follower_count=5))
    counter = next(each for each in COUNTERS if each.name == "users.follower_count")

    async def repaired():
        async with database.begin() as tx:
            return await counters.repair(tx, counter, [ann.key])

    async with database.begin() as writing:
        lock = text("select id from users where id = :id for update")
        await writing.execute(lock.bindparams(id=ann.key))
        repair = asyncio.create_task(repaired())
        await _until_somebody_waits(database)
        follow = text("insert into follows (follower_id, followee_id) values (:by, :of)")
        await writing.execute(follow.bindparams(by=bob.key, of=ann.key))

    assert await repair == 1
    async with database.connect() as connection:
        kept = text("select follower_count from users where id = :id")
        assert (await connection.execute(kept.bindparams(id=ann.key))).scalar_one() == 1
