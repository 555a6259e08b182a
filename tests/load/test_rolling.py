"""L2: servers that are restarted one after another, under load, and nobody notices."""

import asyncio
import itertools
import os
import signal
from time import perf_counter

import pytest

from tests.load.apis import STOP_S, await_ready, started
from tests.load.shooting import Shooter, quantile, request, statuses, tell

RESTARTS = int(os.environ.get("PICSHARE_TEST_RESTARTS", "4"))
PER_S = 100
LOOK_S = 0.2
READY = b"GET /readyz HTTP/1.1\r\nHost: api\r\n\r\n"


class Balancer:
    """Asks those servers in turn that said a moment ago that they are ready."""

    def __init__(self, ports) -> None:
        self._servers = {port: Shooter(f"http://127.0.0.1:{port}") for port in ports}
        self._ready = list(self._servers.values())
        self._turns = itertools.count()
        self.shots = []

    async def look(self):
        while True:
            found = await asyncio.gather(*(one.ask(READY) for one in self._servers.values()))
            pairs = zip(self._servers.values(), found, strict=True)
            self._ready = [server for server, (status, _) in pairs if status == 200]
            await asyncio.sleep(LOOK_S)

    async def ask_forever(self, asking):
        began = perf_counter()
        async with asyncio.TaskGroup() as group:
            for number in itertools.count():
                due = began + number / PER_S
                await asyncio.sleep(max(0.0, due - perf_counter()))
                group.create_task(self._ask(due, asking))

    async def _ask(self, due, asking):
        server = self._ready[next(self._turns) % len(self._ready)]
        self.shots.append(await server.shoot(due, asking))

    def close(self):
        for server in self._servers.values():
            server.close()


async def _restarted(plain, old):
    """The same server, in another process; and how long the old one took to end."""
    began = perf_counter()
    old.process.send_signal(signal.SIGTERM)
    assert await asyncio.to_thread(old.process.wait, STOP_S) == 0
    ended = perf_counter() - began
    new = started(plain, old.log, old.port)
    await asyncio.to_thread(await_ready, new)
    return new, ended


@pytest.mark.torture
async def test_a_rolling_restart_fails_no_request(plain, database, objects, tmp_path):
    apis = [started(plain, tmp_path / f"log{n}") for n in range(2)]
    longest, restarts = 0.0, RESTARTS
    try:
        for api in apis:
            await asyncio.to_thread(await_ready, api)
        balancer = Balancer([api.port for api in apis])
        looking = asyncio.create_task(balancer.look())
        asking = asyncio.create_task(balancer.ask_forever(request("{ __typename }")))
        for number in range(restarts):
            await asyncio.sleep(2 * LOOK_S)
            apis[number % 2], took = await _restarted(plain, apis[number % 2])
            longest = max(longest, took)
        asking.cancel()
        looking.cancel()
        await asyncio.gather(asking, looking, return_exceptions=True)
        balancer.close()
    finally:
        for api in apis:
            api.process.kill()
            api.process.wait(STOP_S)

    shots = balancer.shots
    p99 = 1000 * quantile(shots, 0.99)
    tell(f"{restarts} restarts: {statuses(shots)}, p99 {p99:.0f} ms, gone in {longest:.1f} s")
    assert set(statuses(shots)) == {200}
    assert longest <= 30
    assert [line for api in apis for line in api.complaints()] == []
