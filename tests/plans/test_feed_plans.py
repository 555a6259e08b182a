"""What the home feed reads among 200,000 photos, with one plan for all values."""

from collections import Counter
from operator import attrgetter

import pytest

from storage import feed
from storage.feed import MANY_FOLLOWED, STEPS

SHOWN = "photos_shown_idx"
RECENT = "photos_recent_idx"
FOLLOW = """
    insert into follows (follower_id, followee_id, created_at)
    select $1, id, now() from users where id <> $1 order by {of} limit $2
"""
ANYBODY = "md5(id::text)"
# Photos go round. Of the newest, and of those before the place below, one is theirs.
LONG_SILENT = "created_at"
NOBODY = "delete from follows where follower_id = $1"
VIEWER = "select id from users order by created_at desc limit 1"
COUNT = "update users set following_count = $2 where id = $1"
# Both statements: the one that is sent first, and the one for whom somebody is hidden from.
OF_MOST, OF_ANY = attrgetter("of_most"), attrgetter("of_any")
# What comes with every read: the word on the session, and on whether anybody is hidden.
BESIDE = {"sessions", "blocks", "departures"}
PLACE = "select created_at, id from photos order by created_at desc, id desc offset 50000 limit 1"


@pytest.fixture
async def raw(many):
    async with many.connect() as connection:
        driver = (await connection.get_raw_connection()).driver_connection
        transaction = driver.transaction()
        await transaction.start()
        try:
            yield driver
        finally:
            await transaction.rollback()


@pytest.fixture
async def following(raw):
    """Has the viewer follow so many, as *of* chooses them, and tells who that is."""

    async def following(followed, of=ANYBODY):
        viewer = await raw.fetchval(VIEWER)
        await raw.execute(NOBODY, viewer)
        await raw.execute(FOLLOW.format(of=of), viewer, followed)
        await raw.execute(COUNT, viewer, followed)
        await raw.execute("analyze follows")
        return viewer

    return following


@pytest.mark.parametrize("is_first", [True, False])
@pytest.mark.parametrize("followed", [100, MANY_FOLLOWED - 1])
@pytest.mark.parametrize("read", [OF_MOST, OF_ANY])
async def test_a_followee_costs_one_look_into_one_index(raw, following, read, followed, is_first):
    looks, _ = await _looked(raw, read(feed._of_few(is_first, ())), await following(followed))

    _asks_each(looks, followed)
    assert looks["photos", "Index Scan", RECENT] == 0
    # Who is followed is read once, and asked of no photo again.
    assert sum(looks[each] for each in looks if each[0] == "follows") == 1
    assert sum(looks[each] for each in looks if each[0] == "users") == 1


@pytest.mark.parametrize("is_first", [True, False])
@pytest.mark.parametrize("read", [OF_MOST, OF_ANY])
async def test_that_somebody_follows_many_costs_one_look(raw, following, read, is_first):
    wide, viewer = feed._of_few(is_first, ()), await following(MANY_FOLLOWED)
    looks, _ = await _looked(raw, read(wide), viewer)

    assert await _rows(raw, wide, viewer) is None
    looked = [each for each in +looks if each[0] not in BESIDE]
    assert looked == [("users", "Index Scan", "users_pkey")]
    assert looks[looked[0]] == 1


@pytest.mark.parametrize("is_first", [True, False])
@pytest.mark.parametrize("followed", [MANY_FOLLOWED, 5_000])
@pytest.mark.parametrize("read", [OF_MOST, OF_ANY])
async def test_who_follows_many_meets_a_page_on_the_way(raw, following, read, followed, is_first):
    viewer = await following(followed)
    looks, rows = await _looked(raw, read(feed._of_many(is_first, ())), viewer)

    assert looks["photos", "Index Scan", RECENT] == 1
    walked = rows["photos", "Index Scan", RECENT]
    assert 21 < walked < STEPS
    # Each owner that is passed is looked up among the followees; the followees are not read.
    assert looks["follows", "Index Only Scan", "follows_pkey"] == walked
    assert sum(looks[each] for each in looks if each[2] == SHOWN) == 0


@pytest.mark.parametrize("is_first", [True, False])
@pytest.mark.parametrize("read", [OF_MOST, OF_ANY])
async def test_a_walk_in_vain_ends(raw, following, read, is_first):
    viewer = await following(5_000, of=LONG_SILENT)
    looks, rows = await _looked(raw, read(feed._of_many(is_first, ())), viewer)

    _asks_each(looks, 5_000)
    assert looks["photos", "Index Scan", RECENT] == 1
    assert rows["photos", "Index Scan", RECENT] == STEPS


@pytest.mark.parametrize("is_first", [True, False])
@pytest.mark.parametrize("of", [ANYBODY, LONG_SILENT])
async def test_either_way_finds_the_same_page(raw, following, of, is_first):
    viewer = await following(5_000, of=of)
    walked = await _rows(raw, feed._of_many(is_first, ()), viewer)
    await raw.execute(COUNT, viewer, 100)

    assert await _rows(raw, feed._of_few(is_first, ()), viewer) == walked
    assert len(walked) == 21


def _asks_each(looks, followed):
    """Each followee once by the index alone, then those of the page; the viewer's own photos."""
    assert looks["photos", "Index Only Scan", SHOWN] == followed
    assert looks["photos", "Index Scan", SHOWN] == 21
    assert looks["photos", "Index Scan", "photos_owner_id_created_at_id_idx"] == 1


async def _rows(raw, wide, viewer):
    return await wide.rows_if_read(raw, None, **await _values(raw, viewer))


async def _looked(raw, read, viewer):
    return _looks(await _explained(raw, read, await _values(raw, viewer)))


async def _values(raw, viewer):
    place = await raw.fetchrow(PLACE)
    return {"viewer": viewer, "first": 20, "after_at": place[0], "after_id": place[1]}


async def _explained(raw, read, values):
    await raw.execute("set local plan_cache_mode = force_generic_plan")
    await raw.execute(f"prepare feed as {read.text}")
    try:
        # What else the statement is told is about the session, which is not of the feed.
        given = ", ".join(f"'{values[name]}'" if name in values else "null" for name in read.names)
        explained = f"explain (analyze, format json) execute feed ({given})"
        return (await raw.fetchval(explained))[0]["Plan"]
    finally:
        await raw.execute("deallocate feed")


def _looks(node):
    """How often each table was read, and how many rows of it, by the kind of scan and its index."""
    looks, rows = Counter(), Counter()
    if "Relation Name" in node:
        scan = node["Relation Name"], node["Node Type"], node.get("Index Name")
        looks[scan] += int(node["Actual Loops"])
        rows[scan] += round(node["Actual Loops"] * node["Actual Rows"])
    for part in node.get("Plans", []):
        of_part = _looks(part)
        looks += of_part[0]
        rows += of_part[1]
    return looks, rows
