"""The database that all servers read: made once, kept between runs."""

import asyncio
import hashlib
import os
import re
from pathlib import Path

import asyncpg

from server import migrations
from server.embedded import postgres
from server.embedded.processes import Process
from storage import revisions

FOLDER = Path(__file__).parent / "data"
SEED = Path(__file__).parent / "seed.sql"
USERS, PHOTOS = 20_000, 200_000
_CHUNK = 1024**2
COUNTED = ("users", "photos", "variants", "follows", "likes", "comments")


def scale() -> float:
    """How much of the data set S is made: BENCH_SCALE, 1 for all of it."""
    return float(os.environ.get("BENCH_SCALE", "1"))


def cluster() -> postgres.Cluster:
    """Where the database of that scale lives."""
    folder = FOLDER / f"scale-{scale():g}"
    folder.mkdir(parents=True, exist_ok=True)
    return postgres.Cluster(folder / "postgres", folder / "postgres.log")


def start(place: postgres.Cluster) -> Process:
    """The database, filled. The caller stops it."""
    process = postgres.start(place)
    try:
        sizes = {"users": int(USERS * scale()), "photos": int(PHOTOS * scale())}
        fill(place, SEED, sizes)
        warm(place)
    except BaseException:
        process.stop()
        raise
    return process


def warm(place: postgres.Cluster) -> None:
    """Have the system's cache hold its files: systems give back what lies idle, and whoever is
    measured first would wait for the disk.
    """
    for file in (place.directory / "base").glob("*/*"):
        with file.open("rb") as opened:
            while opened.read(_CHUNK):
                pass


def counts(place: postgres.Cluster) -> dict[str, int]:
    """How many rows the tables have."""
    return {table: int(postgres.ask(place, f"select count(*) from {table}")) for table in COUNTED}


def fill(place: postgres.Cluster, seed: Path, sizes: dict[str, int]) -> None:
    """Make the database of *place* from *seed*, unless it is there already."""
    mark = place.directory.parent / f"seeded-{place.database}"
    made_by = _digest(seed)
    if mark.exists() and mark.read_text() == made_by:
        return
    mark.unlink(missing_ok=True)
    postgres.ask(place, f'drop database if exists "{place.database}" with (force)', "postgres")
    postgres.ask(place, f'create database "{place.database}"', "postgres")
    migrations.upgrade(place.url)
    asyncio.run(_run(place.url, seed.read_text(), sizes))
    mark.write_text(made_by)


def _digest(seed: Path) -> str:
    """Changes with the tables and with what they are filled with."""
    scripts = sorted((Path(revisions.__file__).parent / "migrations" / "versions").glob("*.sql"))
    return hashlib.sha256(b"".join(path.read_bytes() for path in [*scripts, seed])).hexdigest()


async def _run(url: str, seed: str, sizes: dict[str, int]) -> None:
    connection = await asyncpg.connect(url)
    try:
        # A double colon is a cast.
        await connection.execute(
            re.sub(r"(?<!:):(users|photos)\b", lambda at: str(sizes[at[1]]), seed)
        )
        await connection.execute("VACUUM ANALYZE")
    finally:
        await connection.close()
