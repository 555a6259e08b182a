"""D2, D10: whatever is killed while people use it, what was acknowledged is there, and once."""

import asyncio
import os
import random
import signal
from collections.abc import Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from time import perf_counter

import httpx
import psutil
import pytest
from sqlalchemy import func, select, text

from schema.nodes import global_id
from storage.database import Database
from storage.rows import PhotoStatus
from storage.tables import comments, likes, photos, users, variants
from tests.durability.people import Ledger, Someone, living
from tests.durability.system import System, complaints, whole_system
from tests.load.shooting import tell
from tests.running import PICSHARE, clean_environment
from tests.storing import scalar

SEED = int(os.environ.get("PICSHARE_TORTURE_SEED", "1"))
TIMES = int(os.environ.get("PICSHARE_TORTURE_TIMES", "5"))
CLIENTS = 6
BACK_S = 5.0
READY_S = 60
PROBE = "{ photos(first: 1) { edges { node { id } } } }"
BACKENDS = text(
    "select pid from pg_stat_activity "
    "where application_name like 'picshare%' and pid <> pg_backend_pid()"
)
JOBS = text(
    "select json_agg(json_build_array(status, entrypoint, attempts, execute_after - now(), "
    "now() - heartbeat)) from (select * from pgqueuer "
    "where execute_after < now() + interval '1 minute' order by id limit 10) as first"
)

Fault = Callable[[System, random.Random], Awaitable[None]]


async def database_killed(system: System, _: random.Random) -> None:
    await asyncio.to_thread(system.database.part.kill)
    await asyncio.to_thread(system.database.part.revive)


async def backend_killed(system: System, chance: random.Random) -> None:
    database = Database(system.database.url, pool_size=1)
    async with database.connect() as connection:
        pids = list((await connection.execute(BACKENDS)).scalars())
    await database.close()
    os.kill(chance.choice(pids), signal.SIGKILL)


async def store_killed(system: System, _: random.Random) -> None:
    await asyncio.to_thread(system.store.part.kill)
    await asyncio.to_thread(system.store.part.revive)


async def worker_killed(system: System, _: random.Random) -> None:
    await asyncio.to_thread(system.worker.kill)
    await asyncio.to_thread(system.worker.revive)


async def api_process_killed(system: System, chance: random.Random) -> None:
    """One of the two; who started them starts another."""
    serving = _serving(system)
    os.kill(chance.choice(sorted(serving)), signal.SIGKILL)
    began = perf_counter()
    async with asyncio.timeout(READY_S):
        while not _serving(system) - serving:  # noqa: ASYNC110 - Others do it.
            await asyncio.sleep(0.02)
    respawned.append(perf_counter() - began)


async def api_killed(system: System, _: random.Random) -> None:
    """All of its processes."""
    await asyncio.to_thread(system.api.kill)
    await asyncio.to_thread(system.api.revive)


respawned: list[float] = []
FAULTS: list[Fault] = [
    database_killed,
    backend_killed,
    store_killed,
    worker_killed,
    api_process_killed,
    api_killed,
]


def _serving(system: System) -> set[int]:
    return {each.pid for each in psutil.Process(system.api.process.pid).children() if _serves(each)}


def _serves(process: psutil.Process) -> bool:
    try:
        return "spawn_main" in " ".join(process.cmdline())
    except psutil.Error:
        # It is on its way out.
        return False


@asynccontextmanager
async def used(system: System, ledger: Ledger, chance: random.Random):
    """People use the system meanwhile; whatever they have begun is finished afterwards."""
    stop = asyncio.Event()
    base = system.settings.api_url
    async with httpx.AsyncClient(base_url=base, timeout=30) as http:
        lives = [
            asyncio.create_task(living(Someone(http, ledger, own), ledger, own, stop))
            for own in (random.Random(chance.random()) for _ in range(CLIENTS))
        ]
        try:
            yield http
        finally:
            stop.set()
            await asyncio.gather(*lives)


async def back(http: httpx.AsyncClient) -> float:
    """The seconds until a read is answered well."""
    began = perf_counter()
    async with asyncio.timeout(READY_S):
        while True:
            try:
                answer = await http.post("/graphql", json={"query": PROBE})
                if answer.status_code == 200 and "errors" not in answer.json():
                    return perf_counter() - began
            except httpx.TransportError:
                pass
            await asyncio.sleep(0.02)


async def grown(ledger: Ledger, by: int) -> None:
    """Return when so much more was acknowledged."""
    wanted = ledger.size() + by
    async with asyncio.timeout(READY_S):
        while ledger.size() < wanted:  # noqa: ASYNC110 - Several tasks write it.
            await asyncio.sleep(0.05)


@pytest.mark.torture
async def test_nothing_acknowledged_is_lost_and_nothing_is_done_twice():
    chance, ledger, gaps = random.Random(SEED), Ledger(), {fault: [] for fault in FAULTS}
    respawned.clear()
    turns = FAULTS * TIMES
    chance.shuffle(turns)
    async with whole_system(processes=2) as system:
        async with used(system, ledger, chance) as http:
            for fault in turns:
                await grown(ledger, chance.randrange(5, 25))
                await fault(system, chance)
                gaps[fault].append(await back(http))
            await grown(ledger, 20)
        database = Database(system.database.url, pool_size=2)
        await settled(database, system.log.with_name("worker.log"))
        await compare(database, ledger)
        await database.close()
        audit(system)
        wrong = [*ledger.wrong, *complaints(system.log)]

    for fault, seconds in gaps.items():
        tell(f"{fault.__name__} x{len(seconds)}: well again after at most {max(seconds):.2f} s")
    tell(f"another API process after at most {max(respawned):.2f} s")
    tell(
        f"{len(ledger.users)} users, {len(ledger.photos)} photos, {len(ledger.comments)} comments, "
        f"{len(ledger.likes)} likes; repeated {dict(ledger.repeated)}"
    )
    tell("\n".join(wrong))
    assert wrong == []
    assert max(max(seconds) for seconds in gaps.values()) <= BACK_S


async def settled(database: Database, log: Path) -> None:
    """Return when every photo has come to an end."""
    left = select(func.count()).where(photos.c.status == PhotoStatus.PROCESSING)
    began = perf_counter()
    while waiting := await scalar(database, left):
        jobs = await scalar(database, JOBS)
        # What the worker said last is gone with its folder otherwise.
        is_in_time = perf_counter() - began < READY_S
        assert is_in_time, f"{waiting} photos wait; {jobs}; {end_of(log)}"
        await asyncio.sleep(0.1)
    tell(f"the last photo came to its end after {perf_counter() - began:.1f} s")


def end_of(log: Path) -> str:
    return log.read_text()[-4000:]


async def compare(database: Database, ledger: Ledger) -> None:
    """Everything that was acknowledged is there, and nothing else."""

    async def rows(statement):
        async with database.connect() as connection:
            return [tuple(row) for row in await connection.execute(statement)]

    people = {global_id("user", id): name for id, name in await rows(_of(users, "username"))}
    owners = await rows(_of(photos, "owner_id", "status"))
    assert people == ledger.users
    assert {global_id("photo", id): global_id("user", by) for id, by, _ in owners} == ledger.photos
    assert {status for _, _, status in owners} == {PhotoStatus.READY}
    written = await rows(_of(comments, "body"))
    assert {global_id("comment", id): body for id, body in written} == ledger.comments
    assert len(written) == len(ledger.comments)
    liked = await rows(select(likes.c.user_id, likes.c.photo_id))
    assert {(global_id("user", by), global_id("photo", id)) for by, id in liked} == ledger.likes
    counted = await rows(
        text("select photo_id, count(*) from variants group by 1 having count(*) <> 6")
    )
    assert counted == []
    assert len({id for (id,) in await rows(select(variants.c.photo_id))}) == len(ledger.photos)


def _of(table, *columns):
    return select(table.c.id, *(table.c[name] for name in columns))


def audit(system: System) -> None:
    """Rows and objects agree both ways, and the counters with what they count."""
    environment = clean_environment() | system.settings.environment()
    for verb in (["audit", "--verify"], ["counters"]):
        process = psutil.Popen([*PICSHARE, *verb], env=environment, stdout=-1, stderr=-2)
        said, _ = process.communicate(timeout=120)
        tell(said.decode().strip())
        assert process.returncode == 0, said.decode()
