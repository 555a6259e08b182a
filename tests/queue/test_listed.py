"""What `picshare jobs` lists, and what it has tried again."""

from uuid import uuid4

from storage import jobs


async def test_what_was_given_up_is_told_with_whom_it_is_about(database, line, typed, ann, bob):
    # Straight into the row: how a job gets there is told above.
    await line.add(bob.key.bytes, kind=jobs.MOVE_VARIANTS_OF)
    await line.add(uuid4().bytes, kind=jobs.SEND_MAIL)
    await line.change("status = 'failed', updated = now() - interval '2 days 3 hours'")

    code, said, _ = await typed()

    assert code == 1
    assert sorted(each.partition("  ")[2] for each in said) == [
        f"{jobs.MOVE_VARIANTS_OF} of {bob.username}  given up 2 days, 3:00:00 ago  ",
        f"{jobs.SEND_MAIL}  given up 2 days, 3:00:00 ago  ",
    ]


async def test_a_sweep_that_was_given_up_does_not_stand_in_the_way_of_the_next(
    database, line, typed
):
    for _ in range(2):
        async with database.begin() as tx:
            await jobs.sweep(tx, jobs.SWEEP_ROWS)
        await line.change("status = 'failed'")
    async with database.begin() as tx:
        await jobs.sweep(tx, jobs.SWEEP_ROWS)

    assert await typed("retry", "all") == (0, ["2 tried again"], "")
    assert await line.rows("entrypoint, status::text") == [(jobs.SWEEP_ROWS, "queued")] * 3
