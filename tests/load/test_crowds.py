"""H4, H5, H6: many who send too much, too slowly, or nothing, while others are served."""

import asyncio
import os
import sys
from contextlib import asynccontextmanager
from time import perf_counter

import psutil
import pytest

from tests.load.crowds import Reader, peers
from tests.load.shooting import quantile, request, tell
from tests.making import make_photo

SLOW = int(os.environ.get("PICSHARE_TEST_SLOW_PEERS", "500"))
IDLE = int(os.environ.get("PICSHARE_TEST_IDLE_PEERS", "10000"))
HELD_S = 40
LONGEST_S = 15.0
HEAD = b"POST /graphql HTTP/1.1\r\nHost: api\r\nContent-Type: application/json\r\n"
# What an API that is asked opens for itself: connections to the database and the store.
POOLS = 60


async def until(condition, seconds=60.0):
    """How long it takes until *condition* is true."""
    began = perf_counter()
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110 - Another process makes it true.
            await asyncio.sleep(0.1)
    return perf_counter() - began


@pytest.mark.torture
@pytest.mark.parametrize(
    ("says", "trickle"),
    [
        (b"GET /livez HTTP/1.1\r\nHost: api\r\nX: ", b"x"),
        (HEAD + b"Content-Length: 1000\r\n\r\n", b" "),
        (HEAD + b"Transfer-Encoding: chunked\r\n\r\n3e8\r\n", b" "),
    ],
    ids=["head", "body", "chunked body"],
)
async def test_slow_senders_are_sent_away(api, victim, says, trickle):
    files, memory = api.files(), api.memory()
    async with victim(api, f"{SLOW} slow senders"):
        crowd = await peers(api.port, SLOW, says, trickle)
        assert len(crowd) == SLOW
        await until(lambda: all(peer.ended for peer in crowd))
    longest = max(peer.lasted for peer in crowd)
    tell(f"the longest of {SLOW} was there for {longest:.1f} s; +{api.memory() - memory:.0f} MiB")

    assert longest <= LONGEST_S
    assert {peer.heard.split(b" ")[1] for peer in crowd} == {b"408"}
    await until(lambda: api.files() <= files + POOLS)
    assert api.complaints() == []


@pytest.mark.torture
async def test_slow_readers_are_left(api, victim, database, ann):
    """Each asks for a megabyte, and reads a byte a second."""
    for _ in range(100):
        await make_photo(database, ann, caption="\N{GRINNING FACE}" * 2_200)
    large = request(
        f'{{ user(username: "{ann.username}") '
        "{ photos(first: 100) { edges { node { id caption } } } } }"
    )
    files, memory, most = api.files(), api.memory(), 0.0
    readers, began = [], perf_counter()
    async with victim(api, f"{SLOW} slow readers", per_s=20):
        for _ in range(SLOW):
            readers.append(await asyncio.to_thread(Reader, api.port, large))
            # Not so many at once that they are refused.
            await asyncio.sleep(0.02)
        asked = perf_counter()
        async with asyncio.timeout(120):
            while api.files() > files + POOLS:
                most = max(most, api.memory())
                for reader in readers:
                    reader.read()
                await asyncio.sleep(1)
        gone = perf_counter() - asked
    tell(f"{SLOW} readers came within {asked - began:.1f} s; the last left after {gone:.1f} s")
    await until(lambda: api.files() <= files + POOLS)
    tell(f"at most +{most - memory:.0f} MiB, then +{api.memory() - memory:.0f} MiB")
    for reader in readers:
        reader.socket.close()

    assert gone <= LONGEST_S
    assert api.complaints() == []


@pytest.mark.torture
async def test_ten_thousand_idle_connections_keep_nobody_out(api, victim):
    """Half of them say nothing, half of them half a head; whoever is sent away comes again."""
    files, memory = api.files(), api.memory()
    longest = psutil.RLIMIT_NOFILE
    allowed = min(
        psutil.Process().rlimit(longest)[0], psutil.Process(api.process.pid).rlimit(longest)[0]
    )
    size = min(IDLE, allowed - 500)
    most, held = 0.0, 0
    async with victim(api, f"{size} idle connections") as asking:
        async with held_by_others(api.port, size):
            came = perf_counter()
            for _ in range(HELD_S):
                # To look takes so long that whoever asks in here would ask late.
                held = max(held, await asyncio.to_thread(api.files) - files)
                most = max(most, await asyncio.to_thread(api.memory))
                await asyncio.sleep(1)
            there = [shot for shot in asking.shots if shot.at > came]
        back = await until(lambda: api.files() <= files + POOLS)
    p50, p99 = (1000 * quantile(there, share) for share in (0.5, 0.99))
    tell(f"once they are there: {len(there)} answers, p50 {p50:.1f} ms, p99 {p99:.1f} ms")
    tell(f"held at most {held}, +{most - memory:.0f} MiB; back after {back:.1f} s")
    tell(f"then +{api.memory() - memory:.0f} MiB")

    assert held >= size
    assert most - memory <= 150
    assert api.complaints() == []


@asynccontextmanager
async def held_by_others(port, size):
    """Another process holds so many, so that it delays nothing in here."""
    command = (sys.executable, "-m", "tests.load.holding", str(port), str(size))
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(*command, stdin=pipe, stdout=pipe)
    try:
        async with asyncio.timeout(60):
            assert await process.stdout.readline() == b"there\n"
        yield
    finally:
        process.stdin.close()
        await process.wait()
