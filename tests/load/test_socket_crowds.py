"""W3, W9, L3: sockets by the thousand, silent, stopped, sent away and coming back."""

import asyncio
import json
import os
import random
import signal
import subprocess
import sys
from time import perf_counter

import pytest
from sqlalchemy import text

from tests.load.apis import STOP_S, await_ready, started
from tests.load.crowds import gathered
from tests.load.listeners import Listener, connected
from tests.load.shooting import tell
from tests.load.test_crowds import POOLS, until
from tests.making import make_like, make_person, make_photo
from tests.subscriptions.clients import PHOTO, RECEIVED

SILENT = int(os.environ.get("PICSHARE_TEST_SILENT_SOCKETS", "1000"))
STOPPED = 100
SOCKETS = int(os.environ.get("PICSHARE_TEST_SOCKETS", "2000"))
PEOPLE = int(os.environ.get("PICSHARE_TEST_LISTENING_PEOPLE", "10"))
EVENTS = 10
EACH = 20
JITTER_S = 5.0


@pytest.mark.torture
async def test_sockets_that_say_nothing_are_closed(api, victim):
    files = api.files()
    async with victim(api, f"{SILENT} silent sockets", per_s=20):
        numbers = iter(range(SILENT))
        crowd = await gathered(SILENT, lambda: connected(api.port, Listener(next(numbers))))
        assert None not in crowd
        await until(lambda: all(each.ended for each in crowd))
    tell(f"the longest of {SILENT} was there for {max(each.lasted for each in crowd):.1f} s")

    assert {each.code for each in crowd} == {4408}
    await until(lambda: api.files() <= files + POOLS)
    assert api.complaints() == []


@pytest.mark.torture
async def test_a_stopped_client_is_left(api, database, ann):
    photo = await make_photo(database, ann, is_ready=False)
    payload = {"query": PHOTO, "variables": {"id": photo.id}}
    subscribe = json.dumps({"id": "1", "type": "subscribe", "payload": payload})
    files = api.files()
    command = [sys.executable, "-m", "tests.load.silent_client", str(api.port), str(STOPPED)]
    pipe = subprocess.PIPE
    client = subprocess.Popen([*command, subscribe], stdout=pipe)  # noqa: ASYNC220 - At once done.
    try:
        assert client.stdout is not None
        assert await asyncio.to_thread(client.stdout.readline) == b"ready\n"
        client.send_signal(signal.SIGSTOP)
        held = api.files() - files
        assert held >= STOPPED
        took = await until(lambda: api.files() <= files + POOLS, 90)
    finally:
        client.kill()
        client.wait(STOP_S)
        client.stdout.close()
    tell(f"{STOPPED} sockets of a stopped client: left after {took:.1f} s")

    assert api.complaints() == []


@pytest.mark.torture
async def test_everybody_comes_back_after_a_restart(
    plain, database, objects, ann, victim, tmp_path
):
    # Whoever follows a photo that is not ready goes on listening.
    photo = await make_photo(database, ann, is_ready=False)
    plain = plain.model_copy(update={"max_sockets_per_user": SOCKETS})
    api = started(plain, tmp_path / "log")
    try:
        await asyncio.to_thread(await_ready, api)
        numbers = iter(range(SOCKETS))

        async def listening(port, number):
            return await connected(port, Listener(number, PHOTO, ann.token, id=photo.id))

        crowd = await gathered(SOCKETS, lambda: listening(api.port, next(numbers)))
        await until(lambda: all(each.events or each.ended for each in crowd), 120)
        assert [(each.code, each.messages) for each in crowd if not each.events] == []
        began = perf_counter()
        api.process.send_signal(signal.SIGTERM)
        await until(lambda: all(each.ended for each in crowd), 60)
        closed = perf_counter() - began
        assert await asyncio.to_thread(api.process.wait, STOP_S) == 0
        assert {each.code for each in crowd} == {1012}

        api = started(plain, tmp_path / "log", api.port)
        await asyncio.to_thread(await_ready, api)

        async def back(number):
            await asyncio.sleep(random.uniform(0, JITTER_S))
            while True:
                try:
                    listener = await listening(api.port, number)
                except OSError:
                    await asyncio.sleep(1)
                    continue
                while not listener.events and not listener.ended:  # noqa: ASYNC110 - Either.
                    await asyncio.sleep(0.1)
                if listener.events:
                    return listener

        async with victim(api, "while everybody comes back", per_s=20):
            began, worked = perf_counter(), api.processor_s()
            async with asyncio.timeout(180):
                again = await asyncio.gather(*(back(number) for number in range(SOCKETS)))
            returned = perf_counter() - began
            each_ms = 1000 * (api.processor_s() - worked) / SOCKETS
        memory = api.memory()
        for each in again:
            each.transport.abort()
        complaints = api.complaints()
    finally:
        api.process.kill()
        api.process.wait(STOP_S)
    tell(f"{SOCKETS} sockets closed with 1012 within {closed:.1f} s")
    tell(f"all subscribed again {returned:.1f} s after the start; {memory:.0f} MiB")
    tell(f"{each_ms:.2f} ms of the server's processor time for each")
    assert complaints == []


@pytest.mark.torture
async def test_events_reach_every_socket(api, settings, database):
    """Ten events for each of some people who each listen twenty times, one a second."""
    people = [await make_person(database, settings, f"listen{n}") for n in range(PEOPLE)]
    fans = [await make_person(database, settings, f"fan{n}") for n in range(EVENTS)]
    photos = [await make_photo(database, person) for person in people]
    crowd = [
        Listener(number, RECEIVED, person.token)
        for number, person in enumerate([person for person in people for _ in range(EACH)])
    ]
    waiting = iter(crowd)
    await gathered(len(crowd), lambda: connected(api.port, next(waiting)))
    await until(lambda: all(each.is_acked for each in crowd))
    # Who subscribes is told of what comes later: nobody says when that begins.
    heard = text(
        "select count(*) from pg_stat_activity where application_name = 'picshare-listener'"
    )
    async with asyncio.timeout(30), database.connect() as connection:
        while not (await connection.execute(heard)).scalar_one():  # noqa: ASYNC110 - Nobody tells.
            await asyncio.sleep(0.1)
    await asyncio.sleep(3)
    told, worked = [], api.processor_s()
    for fan in fans:
        began = perf_counter()
        told.append(began)
        await asyncio.gather(*(make_like(database, by=fan, of=photo) for photo in photos))
        await asyncio.sleep(max(0.0, began + 1 - perf_counter()))
    newest = [fan.username for fan in fans][-1]

    def is_told(listener):
        return any(
            message["payload"]["data"]["notificationReceived"]["actor"]["username"] == newest
            for _, message in listener.events
        )

    await until(lambda: all(is_told(each) for each in crowd), 60)
    names = {fan.username: at for fan, at in zip(fans, told, strict=True)}
    waits = sorted(
        at - names[message["payload"]["data"]["notificationReceived"]["actor"]["username"]]
        for each in crowd
        for at, message in each.events
    )
    whole = len(crowd) * EVENTS
    each_ms = 1000 * (api.processor_s() - worked) / len(waits)
    p50, p99 = (1000 * waits[int(len(waits) * share)] for share in (0.5, 0.99))
    tell(f"{len(crowd)} sockets, one event a second each: {len(waits)} of {whole} events came")
    tell(f"p50 {p50:.0f} ms, p99 {p99:.0f} ms; the rest was gathered into the next one")
    tell(f"{each_ms:.2f} ms of the server's processor time for each")
    for each in crowd:
        each.transport.abort()
    assert api.complaints() == []
