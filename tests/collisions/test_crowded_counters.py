"""D6: thousands of changes of the same two counters, also while the tables themselves change."""

import asyncio
import json
import os
from contextlib import asynccontextmanager, suppress

import asyncpg
import pytest
from sqlalchemy import func, select, text

from storage.tables import comments, likes, photos
from tests.load.apis import serving
from tests.load.shooting import Shooter, request, tell
from tests.making import make_person, make_photo
from tests.storing import scalar

CHANGES = int(os.environ.get("PICSHARE_TEST_CHANGES", "2000"))
# No more than both processes have connections for: whoever finds none is told so, on purpose.
CLIENTS = 16
LOCK_TIMEOUT = "100ms"
PAUSE_S = 0.05
TABLES = ("photos", "comments", "likes", "users", "notifications")
ADD = """mutation($id: ID!, $body: String!) {
  answer: addComment(input: {photoId: $id, body: $body}) { errors { code } } }"""
LIKE = "mutation($id: ID!) { answer: likePhoto(id: $id) { errors { code } } }"
UNLIKE = "mutation($id: ID!) { answer: unlikePhoto(id: $id) { errors { code } } }"
READ = "query($id: ID!) { answer: node(id: $id) { ... on Photo { commentCount likeCount } } }"
DEADLOCKS = text("select deadlocks from pg_stat_database where datname = current_database()")
DONE = {"data": {"answer": {"errors": []}}}


@pytest.fixture
def api(settings, database, objects, tmp_path):
    changed = {"processes": 2, "drain_s": 0.0}
    with serving(settings.model_copy(update=changed), tmp_path / "log") as api:
        yield api


@asynccontextmanager
async def tables_that_change(url):
    """Takes each table for itself, again and again; gives way to whoever was there first."""
    connection = await asyncpg.connect(url)
    await connection.execute(f"set lock_timeout = '{LOCK_TIMEOUT}'")
    done = {"changed": 0, "gave way": 0}

    async def change():
        while True:
            for table in TABLES:
                try:
                    async with connection.transaction():
                        named = f"alter table {table}"
                        await connection.execute(f"{named} add constraint probe check (true)")
                        await connection.execute(f"{named} drop constraint probe")
                    done["changed"] += 1
                except asyncpg.LockNotAvailableError:
                    done["gave way"] += 1
                await asyncio.sleep(PAUSE_S)

    changing = asyncio.create_task(change())
    try:
        yield done
        # What ended it too early is shown.
        assert not changing.done(), changing.exception()
    finally:
        changing.cancel()
        with suppress(asyncio.CancelledError):
            await changing
        await connection.close()


async def play(shooter, person, photo, changes):
    """Comments, likes and reads, one after another; whatever is answered otherwise."""
    wrong = []
    for number in range(changes):
        query = (ADD, LIKE, ADD, UNLIKE)[number % 4]
        more = {"body": f"{person.username} {number}"} if query is ADD else {}
        for data in (request(query, person.token, id=photo.id, **more), request(READ, id=photo.id)):
            status, body = await shooter.ask(data)
            said = json.loads(body or b"null")
            is_good = "errors" not in said if b"commentCount" in data else said == DONE
            if status != 200 or not is_good:
                wrong.append((status, body))
    return wrong


@pytest.mark.torture
@pytest.mark.parametrize("is_changing", [False, True], ids=["rows", "rows_and_tables"])
async def test_no_change_is_lost_and_no_collision_is_shown(
    api, database, settings, ann, is_changing
):
    photo = await make_photo(database, ann)
    people = [await make_person(database, settings, f"crowd{n}") for n in range(CLIENTS)]
    shooter, each = Shooter(api.url), CHANGES // CLIENTS
    before = await scalar(database, DEADLOCKS)
    playing = asyncio.gather(*(play(shooter, person, photo, each) for person in people))
    if is_changing:
        async with tables_that_change(settings.database_url.get_secret_value()) as done:
            wrong = await playing
        tell(f"D6, tables: {done}")
        assert done["changed"] > 0
    else:
        wrong = await playing
    shooter.close()

    told = [each for found in wrong for each in found]
    deadlocks = await scalar(database, DEADLOCKS) - before
    tell(
        f"D6: {CLIENTS * each} changes by {CLIENTS} at once, {len(told)} shown, "
        f"{deadlocks} deadlocks"
    )
    assert told == []
    expected = sum((number % 4) in {0, 2} for number in range(each)) * CLIENTS
    liking = CLIENTS if each % 4 in {2, 3} else 0
    kept = select(photos.c.comment_count, photos.c.like_count).where(photos.c.id == photo.key)
    async with database.connect() as connection:
        assert tuple((await connection.execute(kept)).one()) == (expected, liking)
    for table, count in ((comments, expected), (likes, liking)):
        rows = select(func.count()).where(table.c.photo_id == photo.key)
        assert await scalar(database, rows) == count
    distinct = text("select count(distinct body) from comments where photo_id = :id")
    assert await scalar(database, distinct.bindparams(id=photo.key)) == expected
    assert api.complaints() == []
