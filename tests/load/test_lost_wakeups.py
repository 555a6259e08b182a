"""W8: who listens loses nothing by a listener that dies, or a database that is away."""

import asyncio
import os
from contextlib import contextmanager
from time import perf_counter

import pytest
from pydantic import SecretStr
from sqlalchemy import text

from server import parts
from server.embedded import postgres
from storage.reached import Unavailable
from tests.load.apis import serving, upgraded
from tests.load.crowds import gathered
from tests.load.listeners import Listener, connected
from tests.load.shooting import tell
from tests.load.telling import tell_often
from tests.load.test_crowds import until
from tests.making import make_person
from tests.services import reachable_directory
from tests.subscriptions.clients import RECEIVED

EVENTS = int(os.environ.get("PICSHARE_TEST_HEARD_EVENTS", "1000"))
KILLS = 20
SOCKETS = 5
AWAY_S = 5.0
LONGEST_S = 5.0
BEGUN_S = 3
KILL = text("""
select count(pg_terminate_backend(pid)) from pg_stat_activity
where application_name = 'picshare-listener'
""")
# The longest that PostgreSQL lets anybody say.
SHOUT = text("select pg_notify('picshare_events', repeat('x', 7999))")


@contextmanager
def _cluster():
    with reachable_directory() as directory:
        yield postgres.Cluster(directory / "data", directory / "log", is_durable=False)


async def _run(database, statement):
    async with database.begin() as tx:
        return (await tx.execute(statement)).scalar_one()


async def _tell(database, listener, fan, times, told):
    for id in await tell_often(database, listener, fan, times):
        told[id] = perf_counter()


async def _patiently(database, listener, fan, times, told):
    """Tell something as soon as the database takes it again."""
    async with asyncio.timeout(60):
        while True:
            try:
                return await _tell(database, listener, fan, times, told)
            except Unavailable:
                await asyncio.sleep(0.05)


def _waits(crowd, told, away):
    """How long each waited from when it was told, or from when the database was there again."""
    gone, back = away
    return [
        at - (back if gone - LONGEST_S < told[id] < back and at > gone else told[id])
        for each in crowd
        for at, id in _heard(each)
        if id in told
    ]


def _heard(each):
    return [
        (at, message["payload"]["data"]["notificationReceived"]["id"])
        for at, message in each.events
    ]


async def _told_and_killed(database, listener, fan, told):
    """How often the listening connection was there to be killed."""
    killed = 0
    for number in range(KILLS):
        await _tell(database, listener, fan, EVENTS // KILLS // 2, told)
        killed += await _run(database, KILL)
        if number % 5 == 0:
            await _run(database, SHOUT)
        await _tell(database, listener, fan, EVENTS // KILLS // 2, told)
        await asyncio.sleep(1)
    return killed


@pytest.mark.torture
async def test_nothing_is_lost_with_the_listener_or_the_database(settings, objects, tmp_path):
    with _cluster() as cluster:
        process = postgres.start(cluster)
        own = settings.model_copy(update={"database_url": SecretStr(cluster.url)})
        await upgraded(cluster.url)
        database = parts.database(own, "picshare-tests")
        ann, fan = [await make_person(database, own, name) for name in ("ann", "fan")]
        told = {}
        try:
            with serving(own, tmp_path / "log") as api:
                crowd = [Listener(number, RECEIVED, ann.token) for number in range(SOCKETS)]
                waiting = iter(crowd)
                await gathered(SOCKETS, lambda: connected(api.port, next(waiting)))
                await until(lambda: all(each.is_acked for each in crowd))
                await asyncio.sleep(BEGUN_S)
                killed = await _told_and_killed(database, ann, fan, told)

                await _tell(database, ann, fan, 50, told)
                gone = perf_counter()
                await asyncio.to_thread(process.stop)
                await asyncio.sleep(AWAY_S)
                process = await asyncio.to_thread(postgres.start, cluster)
                back = perf_counter()
                await _patiently(database, ann, fan, 50, told)
                await until(lambda: all(set(told) <= {id for _, id in _heard(e)} for e in crowd))
                waits = _waits(crowd, told, (gone, back))
                ended = [each.code for each in crowd if each.ended]
                heard = [len(each.events) for each in crowd]
                for each in crowd:
                    each.transport.abort()
        finally:
            await database.close()
            await asyncio.to_thread(process.stop)
    tell(f"{len(told)} events, the listener killed {killed} times, PostgreSQL away for {AWAY_S} s")
    tell(f"each of {SOCKETS} sockets heard {heard}; at the latest after {max(waits):.2f} s")

    assert killed >= KILLS // 2
    assert ended == []
    assert set(heard) == {len(told)}
    assert max(waits) <= LONGEST_S
