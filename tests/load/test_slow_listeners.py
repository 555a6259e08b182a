"""W7: somebody reads a message a second of a thousand, and costs nobody else anything."""

import asyncio
import json
import os
import socket
from time import perf_counter

import pytest

from tests.load.crowds import gathered
from tests.load.listeners import TEXT, Listener, connected, frame, handshake
from tests.load.shooting import tell
from tests.load.telling import tell_often
from tests.load.test_crowds import until
from tests.making import make_person
from tests.subscriptions.clients import RECEIVED

FLOOD_S = int(os.environ.get("PICSHARE_TEST_FLOOD_S", "30"))
PER_S = 1_000
AT_A_TIME = 50
OTHERS = 20
MESSAGE_BYTES = 256
MOST_MIB = 32
LONGEST_S = 0.25
BEGUN_S = 3


class SlowListener:
    """Subscribes, and then reads about one message a second."""

    def __init__(self, port: int, token: str) -> None:
        self.ended: float | None = None
        self.read = 0
        self._socket = socket.socket()
        # Little enough that the system does not read in its place.
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        self._socket.settimeout(60)
        self._socket.connect(("127.0.0.1", port))
        self._socket.sendall(handshake(0))
        self._await(b"\r\n\r\n")
        self._say(type="connection_init", payload={"Authorization": f"Bearer {token}"})
        self._await(b"connection_ack")
        self._say(id="1", type="subscribe", payload={"query": RECEIVED})
        self._socket.setblocking(False)  # noqa: FBT003 - Its only argument.

    async def read_on(self) -> None:
        while self.ended is None:
            await asyncio.sleep(1)
            try:
                heard = self._socket.recv(MESSAGE_BYTES)
            except BlockingIOError:
                continue
            except OSError:
                heard = b""
            self.read += len(heard)
            if not heard:
                self.ended = perf_counter()

    def _await(self, end: bytes) -> None:
        heard = b""
        while end not in heard:
            piece = self._socket.recv(1_000)
            assert piece, heard
            heard += piece

    def close(self) -> None:
        self._socket.close()

    def _say(self, **members) -> None:
        self._socket.sendall(frame(TEXT, json.dumps(members).encode()))


async def _flood(database, recipient, actor):
    """A thousand things a second; how many in all."""
    began = perf_counter()
    for number in range(FLOOD_S * PER_S // AT_A_TIME):
        await asyncio.sleep(max(0.0, began + number * AT_A_TIME / PER_S - perf_counter()))
        await tell_often(database, recipient, actor, AT_A_TIME)
    return FLOOD_S * PER_S, perf_counter() - began


async def _chat(database, people, actor, told):
    """Something for each of them every second; when each was told it."""
    while True:
        for person in people:
            (id,) = await tell_often(database, person, actor, 1)
            told[id] = perf_counter()
            await asyncio.sleep(1 / len(people))


async def _weigh(api, weights):
    while True:
        weights.append(api.memory())
        await asyncio.sleep(0.5)


def _waits(crowd, told):
    waits = []
    for each in crowd:
        for at, message in each.events:
            id = message["payload"]["data"]["notificationReceived"]["id"]
            # It may come before we hear that it was written.
            waits.append(max(0.0, at - told[id]) if id in told else 0.0)
    return sorted(waits)


@pytest.mark.torture
async def test_who_reads_slowly_costs_nobody_else(api, victim, settings, database):
    slow, actor, *people = [
        await make_person(database, settings, f"slow{number}") for number in range(OTHERS + 2)
    ]
    crowd = [Listener(n, RECEIVED, person.token) for n, person in enumerate(people)]
    waiting = iter(crowd)
    await gathered(len(crowd), lambda: connected(api.port, next(waiting)))
    await until(lambda: all(each.is_acked for each in crowd))
    reader = await asyncio.to_thread(SlowListener, api.port, slow.token)
    await asyncio.sleep(BEGUN_S)

    told, weights = {}, []
    async with victim(api, f"a flood of {PER_S} a second", per_s=20):
        base, began = api.memory(), perf_counter()
        busy = [
            asyncio.create_task(reader.read_on()),
            asyncio.create_task(_weigh(api, weights)),
            asyncio.create_task(_chat(database, people, actor, told)),
        ]
        try:
            flooded, took = await _flood(database, slow, actor)
        finally:
            for task in busy:
                task.cancel()
            await asyncio.gather(*busy, return_exceptions=True)
    await until(lambda: len(_waits(crowd, told)) >= len(told))
    waits = _waits(crowd, told)
    p50, p99 = (1000 * waits[int(len(waits) * share)] for share in (0.5, 0.99))
    # What the system's buffers take for it, the server does not keep.
    left = f"left after {reader.ended - began:.1f} s" if reader.ended else "still there"
    tell(f"{flooded} events in {took:.0f} s; who reads slowly is {left}")
    tell(f"it had read {reader.read} bytes; at most +{max(weights) - base:.0f} MiB")
    tell(f"the others: all of {len(told)} came, p50 {p50:.0f} ms, p99 {p99:.0f} ms")
    reader.close()
    for each in crowd:
        each.transport.abort()

    assert max(weights) - base <= MOST_MIB
    assert p99 <= 1000 * LONGEST_S
    assert api.complaints() == []
