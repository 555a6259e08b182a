"""D8, D9: disks that are full: writes wait, nothing is damaged, and it heals when there is room."""

import asyncio
import os
import random
import shutil
import subprocess
from contextlib import contextmanager, suppress
from pathlib import Path
from time import perf_counter

import asyncpg
import httpx
import pytest
from sqlalchemy import select

from schema.nodes import global_id
from server import parts
from server.embedded.processes import CannotStart
from storage.database import Database
from storage.objects import StoreUnavailable
from storage.rows import PhotoStatus
from storage.tables import comments
from tests.durability.people import COMMENT, Ledger, Someone
from tests.durability.system import own_database, own_store, serving_over, settings_for
from tests.durability.test_store import is_whole, state, studio
from tests.load.shooting import tell
from tests.making import make_person, make_photo
from tests.services import reachable_directory
from tests.storing import make_awaiting
from workers.outcomes import Outcome
from workers.variants import Workshop, make

__all__ = ["studio"]

HEALED_S = 30
HOG = "insert into hog select repeat('x', 900) from generate_series(1, 100)"
LONG_TEXT = "x" * 900
# Enough for PostgreSQL to begin; what is left of it is filled.
DATABASE_MIB = 256
STORE_MIB = 32


@contextmanager
def small_disk(mib: int):
    """A file system of that size."""
    with reachable_directory() as directory:
        made = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", f"size={mib}m,mode=755", "tmpfs", directory],
            capture_output=True,
            check=False,
        )
        if made.returncode:
            pytest.skip("a file system may not be mounted here, so no disk can be filled")
        try:
            yield directory
        finally:
            subprocess.run(["umount", "-l", directory], check=True)


@contextmanager
def filled(directory: Path, left_bytes: int = 0):
    """Nothing more fits in here but so much."""
    ballast = directory / "ballast"
    size = shutil.disk_usage(directory).free - left_bytes
    with ballast.open("wb") as file, suppress(OSError):
        for _ in range(size // 4096):
            file.write(bytes(4096))
            file.flush()
    try:
        yield
    finally:
        ballast.unlink()


@pytest.mark.torture
async def test_a_photo_waits_for_room_in_the_store(settings, database, studio, ann):
    with small_disk(STORE_MIB) as disk, own_store(disk) as store:
        own = settings_for("", store.address, disk)
        objects = parts.objects(own)
        await objects.ensure_bucket()
        photo = await make_awaiting(database, objects, ann)
        with filled(disk):
            with pytest.raises(StoreUnavailable):
                await objects.write("originals/large", os.urandom(1024**2), "image/jpeg")
            assert await objects.head("originals/large") is None
            outcome = await make(Workshop(database, objects, studio), photo.key)
            assert outcome is Outcome.AGAIN
            assert await state(database, photo) == (PhotoStatus.PROCESSING, 0)

        assert await make(Workshop(database, objects, studio), photo.key) is Outcome.DONE
        assert await is_whole(database, objects, photo)


@pytest.mark.torture
async def test_writes_wait_for_room_in_the_database(store, tmp_path):
    ledger, chance = Ledger(), random.Random(1)
    with small_disk(DATABASE_MIB) as disk, own_database(disk) as server:
        async with (
            serving_over(server, store, tmp_path) as settings,
            httpx.AsyncClient(base_url=settings.api_url, timeout=30) as http,
        ):
            own = parts.database(settings, "picshare-tests")
            owner = await make_person(own, settings, "owner")
            photo = await make_photo(own, owner)
            await own.close()
            someone = Someone(http, ledger, chance)
            await someone.sign_up()
            await someone.comment(photo.id)

            stop = asyncio.Event()
            writing = [
                asyncio.create_task(_writing(Someone(http, ledger, chance), photo, stop))
                for _ in range(4)
            ]
            with filled(disk, 2 * 1024**2):
                await _refused(ledger, server)
            began, before = perf_counter(), len(ledger.comments)
            async with asyncio.timeout(HEALED_S * 2):
                while len(ledger.comments) < before + 10:
                    await asyncio.to_thread(_kept_up, server)
                    await asyncio.sleep(0.05)
            healed = perf_counter() - began
            stop.set()
            await asyncio.gather(*writing)

        database = Database(server.url, pool_size=1)
        async with database.connect() as connection:
            rows = await connection.execute(select(comments.c.id, comments.c.body))
            written = {global_id("comment", id): body for id, body in rows}
        await database.close()

    tell(
        f"{len(ledger.comments)} comments, repeated {dict(ledger.repeated)}, "
        f"written again {healed:.1f} s after there was room"
    )
    assert written == ledger.comments
    assert ledger.wrong == []
    assert healed <= HEALED_S


async def _writing(someone: Someone, photo, stop) -> None:
    await someone.sign_up()
    while not stop.is_set():
        body = f"{os.urandom(8).hex()} {LONG_TEXT}"
        found = await someone._done("addComment", COMMENT, photo=photo.id, body=body)
        someone._ledger.comments[found["comment"]["id"]] = body


async def _refused(ledger: Ledger, server) -> None:
    """Take what room is left in PostgreSQL's files; return when writes were refused for a while."""
    async with asyncio.timeout(120):
        while ledger.repeated.total() < 20:
            await asyncio.to_thread(_kept_up, server)
            with suppress(OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
                await _hog(server.url)
            await asyncio.sleep(0.05)


async def _hog(url: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        await connection.execute("create table if not exists hog (text text)")
        for _ in range(100):
            await connection.execute(HOG)
    finally:
        connection.terminate()


def _kept_up(server) -> None:
    """PostgreSQL ends itself when it cannot write its log; whoever runs it starts it again."""
    if server.part.process.exit_code is not None:
        with suppress(CannotStart):
            server.part.revive()
