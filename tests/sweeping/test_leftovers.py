"""Rows that lead nowhere go, each kind when its time is over, and what somebody may use stays."""

import secrets
from datetime import timedelta
from itertools import pairwise

import pytest
from sqlalchemy import func, insert, select, text, update

from storage import exports, sessions, tables
from storage.database import StatementCount, statements
from storage.sweeping.leftovers import BATCH, KINDS
from tests.making import LONG, make_like, make_photo
from tests.storing import Awaiting, make_awaiting, scalar
from tests.sweeping import remains
from tests.sweeping.conftest import DAY, TIMES
from workers import sweeps


async def swept(database):
    """What was removed, by kind; nothing is left to remove then."""
    counts = await sweeps.sweep_rows(database, TIMES)
    assert set((await sweeps.sweep_rows(database, TIMES)).values()) == {0}
    return {name: count for name, count in counts.items() if count}


async def rows_of(database, table, *conditions):
    return await scalar(database, select(func.count()).select_from(table).where(*conditions))


async def run(database, *changes):
    async with database.begin() as tx:
        for change in changes:
            await tx.execute(change)


def ago(days):
    return func.now() - timedelta(days=days)


@pytest.fixture(autouse=True)
async def clean(database):
    await sweeps.sweep_rows(database, TIMES)


async def test_uploads_that_became_nothing(database, objects, ann, jobs):
    await remains.never_uploaded(database, ann)
    arrived = await remains.never_published(database, objects, ann)
    await remains.never_uploaded(database, ann, key="once")
    await make_photo(database, ann)
    own = tables.uploads.c.user_id == ann.key

    assert await swept(database) == {"uploads": 3}

    assert await rows_of(database, tables.uploads, own) == 1
    await jobs.run("remove_objects")
    assert await objects.head(arrived.staging_key) is None


async def test_a_used_upload_stays_for_its_key(database, objects, ann):
    photo: Awaiting = await make_awaiting(database, objects, ann)
    other: Awaiting = await make_awaiting(database, objects, ann)
    uploads = tables.uploads
    of = {
        each.key: select(tables.photos.c.upload_id).where(tables.photos.c.id == each.key)
        for each in (photo, other)
    }
    await run(
        database,
        update(uploads)
        .where(uploads.c.id == of[photo.key].scalar_subquery())
        .values(idempotency_key="the same"),
        update(uploads).where(uploads.c.user_id == ann.key).values(publish_until=ago(3)),
    )

    assert await swept(database) == {"uploads": 2}

    left = select(uploads.c.idempotency_key).where(uploads.c.user_id == ann.key)
    assert await scalar(database, left) == "the same"


async def test_sessions_and_their_tokens(database, ann, settings):
    async with database.begin() as tx:
        made = [await sessions.begin(tx, ann.key, f"token {n}", LONG) for n in range(5)]
    ended, ended_now, ran_out, ran_out_long_ago, live = (row.id for row in made)
    table = tables.sessions

    def change(id, **values):
        return update(table).where(table.c.id == id).values(**values)

    await run(
        database,
        change(ended, ended_at=ago(2)),
        change(ended_now, ended_at=func.now()),
        change(ran_out, expires_at=ago(2), created_at=ago(60)),
        change(ran_out_long_ago, expires_at=ago(2), created_at=ago(91)),
    )

    assert await swept(database) == {"sessions": 2}

    among = table.c.id.in_([row.id for row in made])
    async with database.connect() as connection:
        left = set((await connection.execute(select(table.c.id).where(among))).scalars())
    assert left == {ended_now, ran_out, live}


async def test_reuse_is_noticed_as_long_as_a_token_could_live(database, ann):
    tokens = [f"{name} {secrets.token_hex(8)}" for name in ("first", "second", "third", "fourth")]
    async with database.begin() as tx:
        session = await sessions.begin(tx, ann.key, tokens[0], 60 * DAY)
        for token, successor in pairwise(tokens):
            assert await sessions.refresh(
                tx, token, successor, lifetime=60 * DAY, grace=timedelta(seconds=10)
            )
    table = tables.refresh_tokens
    hashes = [sessions._hash(token) for token in tokens]
    await run(
        database,
        update(table).where(table.c.token_hash == hashes[0]).values(created_at=ago(32)),
        update(table).where(table.c.token_hash == hashes[1]).values(created_at=ago(30)),
        # Never used: it is the one that carries the session on.
        update(table).where(table.c.token_hash == hashes[3]).values(created_at=ago(40)),
    )

    assert await swept(database) == {"refresh tokens": 1}

    assert await rows_of(database, table, table.c.session_id == session.id) == 3
    async with database.begin() as tx:
        # An old one is refused as any unknown one is; a younger one ends the session.
        for token in tokens[:2]:
            assert not await sessions.refresh(tx, token, "x", lifetime=LONG, grace=DAY * 0)
        assert await sessions.live(tx, [session.id]) == {}


async def test_exports_whose_time_is_over(database, objects, ann, bob, jobs):
    for person in (ann, bob):
        async with database.begin() as tx:
            await exports.request(tx, person.key)
            row = await exports.begin_attempt(tx, person.key)
            await exports.finish(tx, row, 1)
            await tx.execute(text("delete from pgqueuer where entrypoint = 'remove_objects'"))
        await objects.write(exports.key(row.token), b"x", "application/zip")
    over = update(tables.exports).where(tables.exports.c.user_id == ann.key)
    await run(database, over.values(expires_at=ago(2)))

    assert await swept(database) == {"exports": 1}

    await jobs.run("remove_objects")
    assert await objects.keys("exports/") == [exports.key(row.token)]
    assert await rows_of(database, tables.exports, tables.exports.c.user_id == bob.key) == 1


async def test_names_that_anybody_may_have_again(database, ann):
    names = tables.former_usernames
    row = insert(names)
    await run(
        database,
        *(
            row.values(user_id=ann.key, username=f"old{days}_{ann.username}", given_up_at=ago(days))
            for days in (1, 14, 400)
        ),
    )

    assert await swept(database) == {"former usernames": 1}
    assert await rows_of(database, names, names.c.user_id == ann.key) == 2


async def test_notifications_that_were_read_long_ago(database, ann, bob):
    told = tables.notifications
    photos = [await make_photo(database, ann) for _ in range(3)]
    for photo in photos:
        await make_like(database, by=bob, of=photo)

    def read(photo, days):
        return update(told).where(told.c.photo_id == photo.key).values(read_at=ago(days))

    await run(database, read(photos[0], 91), read(photos[1], 89))

    assert await swept(database) == {"notifications": 1}
    assert await rows_of(database, told, told.c.user_id == ann.key) == 2


async def test_the_notes_of_the_queue(database):
    await run(
        database,
        text(
            "insert into pgqueuer_log (created, job_id, status, priority, entrypoint) "
            "select now() - n * interval '4 days', n, 'successful', 0, 'x' "
            "from generate_series(0, 2) n"
        ),
        text("delete from pgqueuer_statistics"),
        text(
            "insert into pgqueuer_statistics (created, count, priority, status, entrypoint) "
            "select now() - n * interval '16 days', 1, 0, 'successful', 'x' "
            "from generate_series(2, 0, -1) n"
        ),
    )

    assert await swept(database) == {"job log": 1, "job statistics": 1}


async def test_more_than_one_batch(database, ann):
    logged = text(
        "insert into pgqueuer_log (created, job_id, status, priority, entrypoint) "
        "select now() - interval '8 days', n, 'successful', 0, 'x' from generate_series(1, :n) n"
    )
    await run(database, logged.bindparams(n=2 * BATCH + 1))

    assert (await sweeps.count_rows(database, TIMES))["job log"] == BATCH
    assert await swept(database) == {"job log": 2 * BATCH + 1}


async def test_nothing_to_do_is_cheap(database):
    counter = StatementCount()
    token = statements.set(counter)
    await sweeps.sweep_rows(database, TIMES)
    statements.reset(token)

    # Three kinds ask for the time first, and one chooses what to lock.
    assert counter.total == len(KINDS) + 4
