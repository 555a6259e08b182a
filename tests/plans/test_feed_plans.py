"""What the home feed reads among 200,000 photos, with one plan for all values."""

from collections import Counter

import pytest

from storage import feed

FOLLOW = """
    insert into follows (follower_id, followee_id, created_at)
    select $1, id, now() from users where id <> $1 order by md5(id::text) limit $2
"""
NOBODY = "delete from follows where follower_id = $1"
VIEWER = "select id from users order by created_at desc limit 1"
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


@pytest.mark.parametrize("is_first", [True, False])
@pytest.mark.parametrize("followed", [100, 5_000])
async def test_a_followee_costs_one_look_into_one_index(raw, followed, is_first):
    viewer, place = await raw.fetchval(VIEWER), await raw.fetchrow(PLACE)
    await raw.execute(NOBODY, viewer)
    await raw.execute(FOLLOW, viewer, followed)
    await raw.execute("analyze follows")
    values = {"viewer": viewer, "first": 20, "after_at": place[0], "after_id": place[1]}

    looks = _looks(await _explained(raw, feed._recent(is_first, ()).read, values))

    # Each followee once by the index alone, then those of the page; the viewer's own photos.
    assert looks["photos", "Index Only Scan", "photos_shown_idx"] == followed
    assert looks["photos", "Index Scan", "photos_shown_idx"] == 21
    assert looks["photos", "Index Scan", "photos_owner_id_created_at_id_idx"] == 1
    # Who is followed is read once, and asked of no photo again.
    assert sum(looks[each] for each in looks if each[0] == "follows") == 1
    assert sum(looks[each] for each in looks if each[0] == "users") == 0


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
    """How often each table was read, by the kind of scan and its index."""
    found = Counter()
    if "Relation Name" in node:
        scan = node["Relation Name"], node["Node Type"], node.get("Index Name")
        found[scan] += int(node["Actual Loops"])
    for part in node.get("Plans", []):
        found += _looks(part)
    return found
