"""How many photos there are: exact while they can be counted, else by the table's statistics."""

from sqlalchemy import text

from storage import variants
from storage.database import StatementCount, statements
from storage.rows import PhotoStatus
from tests.making import make_photo

ESTIMATE = text("update pg_class set reltuples = :rows where oid = 'photos'::regclass")


async def with_estimate(database, rows):
    """The counts, were the statistics to say that there are so many rows."""
    async with database.begin() as tx:
        savepoint = await tx.begin_nested()
        await tx.execute(ESTIMATE, {"rows": rows})
        found = await variants.count_by_status(tx)
        await savepoint.rollback()
    return found


async def test_few_are_counted_one_by_one_whatever_the_statistics_say(database, ann):
    before = {rows: await with_estimate(database, rows) for rows in (-1, 0, 99_999)}
    for is_ready in (True, True, True, False, False):
        await make_photo(database, owner=ann, is_ready=is_ready)
    after = {rows: await with_estimate(database, rows) for rows in (-1, 0, 99_999)}

    for rows in (-1, 0, 99_999):
        moved = {status: after[rows][status] - before[rows][status] for status in PhotoStatus}
        assert moved == {"READY": 3, "PROCESSING": 2, "FAILED": 0}


async def test_of_very_many_only_those_that_are_not_ready_are_counted(database, ann):
    await make_photo(database, owner=ann, is_ready=False)

    exact, estimated = await with_estimate(database, 0), await with_estimate(database, 200_000)

    unfinished = exact[PhotoStatus.PROCESSING] + exact[PhotoStatus.FAILED]
    assert estimated == exact | {PhotoStatus.READY: 200_000 - unfinished}
    assert unfinished > 0


async def test_every_state_is_told_and_two_statements_are_enough(database):
    token = statements.set(counter := StatementCount())
    try:
        async with database.connect() as connection:
            found = await variants.count_by_status(connection)
    finally:
        statements.reset(token)

    assert set(found) == set(PhotoStatus)
    assert counter.total == 2
