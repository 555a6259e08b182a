"""`picshare sweep` and `picshare regenerate`, as they are typed, against workers in processes."""

import asyncio
import os
import signal
import subprocess
from datetime import UTC, datetime

import pytest
from sqlalchemy import delete, func, select, text, update

from storage import regeneration, tables
from tests.making import LONG
from tests.running import PICSHARE
from tests.storing import make_awaiting, scalar, variant_rows
from tests.sweeping import remains
from workers.variants import make

URLS = "query($id: ID!) { node(id: $id) { ... on Photo { status variants { url } } } }"


@pytest.fixture
def sweep(picshare, place):
    async def sweep(*arguments, **settings):
        return await asyncio.to_thread(picshare, "sweep", *arguments, **place | settings)

    return sweep


async def test_a_dry_run_tells_and_changes_nothing(database, objects, ann, sweep):
    await remains.never_uploaded(database, ann)
    await remains.halfway(objects)
    before = await objects.keys("")

    answer = await sweep("--dry-run")

    assert answer.exit_code == 0
    assert "uploads                    1 to remove\n" in answer.stdout
    # They are new, and the grace period is a day.
    assert f"{len(before):,} objects, 0 of no row with 0 bytes\n" in answer.stdout
    assert await objects.keys("") == before
    assert "uploads                    1 removed\n" in (await sweep()).stdout
    assert "uploads                    0 removed\n" in (await sweep()).stdout


async def test_a_wrong_grace_is_refused(sweep):
    answer = await sweep("--dry-run", sweep_grace_s=60)

    assert answer.exit_code == 2
    assert "PICSHARE_SWEEP_GRACE_S: Input should be greater than or equal to 3600" in answer.stderr


@pytest.fixture
async def photos(database, objects, workshop, ann):
    """Photos that take a while to make, and nobody else's that could be made anew."""
    async with database.begin() as tx:
        await regeneration.cancel(tx)
        await tx.execute(update(tables.photos).values(created_at=func.now() - 2 * LONG))
        await tx.execute(text("delete from pgqueuer"))
        await tx.execute(delete(tables.regenerations))
    made = [await make_awaiting(database, objects, ann) for _ in range(6)]
    for photo in made:
        await make(workshop, photo.key)
    return made


@pytest.fixture
def verb(place):
    """`picshare regenerate` as a process."""
    processes = []
    others = {key: value for key, value in os.environ.items() if not key.startswith("PICSHARE")}
    given = {f"PICSHARE_{name.upper()}": str(value) for name, value in place.items()}

    def verb(*arguments):
        process = subprocess.Popen(
            [*PICSHARE, "regenerate", *arguments],
            env=others | given,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        processes.append(process)
        return process

    yield verb
    for process in processes:
        if process.poll() is None:
            process.kill()
        process.communicate()


class Readers:
    """Read every variant of the photos again and again, at the addresses of now and of before."""

    def __init__(self, ask, client, settings, photos):
        self._ask, self._client, self._settings, self._photos = ask, client, settings, photos
        self.urls = set()
        self.answers = []
        self.rounds = 0
        self._ended = False

    async def run(self):
        while not self._ended:
            for photo in self._photos:
                node = (await self._ask(URLS, id=photo.id))["node"]
                assert (node["status"], len(node["variants"])) == ("READY", 3)
                self.urls |= {variant["url"] for variant in node["variants"]}
            for url in sorted(self.urls):
                answer = await self._client.get(url.removeprefix(self._settings.api_url))
                self.answers.append(answer.status_code)
            self.rounds += 1

    async def end(self, task):
        self._ended = True
        await task


@pytest.mark.parametrize("kills_worker", [False, pytest.param(True, marks=pytest.mark.torture)])
async def test_readers_notice_nothing_and_whoever_is_killed_goes_on(
    database, ask, client, settings, photos, started, place, picshare, verb, kills_worker
):
    before = {row.key for photo in photos for row in await variant_rows(database, photo)}
    readers = Readers(ask, client, settings, photos)
    reading = asyncio.create_task(readers.run())
    yesterday = (datetime.now(UTC) - LONG).strftime("%Y-%m-%d")
    first = verb("--since", yesterday)
    # Nobody works yet: it waits.
    line = await asyncio.to_thread(first.stdout.readline)
    assert line == "6 photos to make anew, 0 of them done\n"
    other = await asyncio.to_thread(picshare, "regenerate", "--only", "THUMB", **place)
    assert (other.exit_code, "others are being made anew" in other.stderr) == (1, True)
    first.send_signal(signal.SIGKILL)
    await asyncio.to_thread(first.wait, 60)
    work = started("work", **place, worker_concurrency=1)
    if kills_worker:
        async with asyncio.timeout(60):
            while not await scalar(database, select(func.max(tables.regenerations.c.made))):
                pass
        os.kill(work.pid, signal.SIGKILL)
        started("work", **place, worker_concurrency=1)

    again = verb("--since", yesterday)
    out, err = await asyncio.to_thread(again.communicate, timeout=120)
    await readers.end(reading)

    assert again.returncode == 0, err
    assert out.splitlines()[-1] == "6 made anew, 0 failed"
    after = {row.key for photo in photos for row in await variant_rows(database, photo)}
    assert (len(after), after & before) == (len(before), set())
    assert readers.rounds > 1
    assert set(readers.answers) == {200}
