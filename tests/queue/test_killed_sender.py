"""The sender of webhooks dies again and again; every message arrives, hardly one of them twice."""

import asyncio
import base64
import contextlib
import json
import os
import random
import signal
import subprocess

import pytest
from sqlalchemy import func, select

from server.embedded.sockets import free_port
from storage.rows import PhotoStatus
from storage.tables import photos
from tests.moderation.receivers import answer, request
from tests.running import PICSHARE, STOP_S, clean_environment

pytestmark = pytest.mark.torture

EVENTS = int(os.environ.get("PICSHARE_TEST_EVENTS", "2000"))
KILLS = 20
PATIENCE_S = 600
SECRET = "whsec_" + base64.b64encode(bytes(range(32))).decode()
ALLOW = answer("200 OK", b'{"verdict": "allow"}', "Connection: close")


class Counted:
    """A moderation service that lets everything pass, and keeps which photo each message had."""

    def __init__(self):
        self.messages: list[str] = []
        self.port = 0

    @contextlib.asynccontextmanager
    async def listening(self):
        async def serve(reader, writer):
            with contextlib.suppress(OSError, asyncio.IncompleteReadError):
                _, body = await request(reader)
                self.messages.append(json.loads(body)["data"]["photoId"])
                writer.write(ALLOW)
                await writer.drain()
            writer.close()

        async with await asyncio.start_server(serve, "127.0.0.1", self.port) as server:
            self.port = server.sockets[0].getsockname()[1]
            yield


@pytest.fixture
def working(place, tmp_path):
    """Starts a worker that asks the service at a port, or none; whoever starts it ends it."""

    def working(port):
        asking = {
            "moderation_url": f"http://127.0.0.1:{port}/hook",
            "moderation_secrets": SECRET,
            "moderation_allow_loopback": True,
        }
        given = (
            place
            | {"data_dir": tmp_path, "worker_metrics_port": free_port()}
            | (asking if port else {})
        )
        environment = {f"PICSHARE_{name.upper()}": str(value) for name, value in given.items()}
        with (tmp_path / "worker.log").open("a") as log:
            return subprocess.Popen(
                [*PICSHARE, "work"],
                env=clean_environment() | environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=log,
            )

    return working


async def live(database, keys):
    """How many of the photos were let go."""
    async with database.connect() as connection:
        ready = photos.c.id.in_(keys), photos.c.status == PhotoStatus.READY
        return (await connection.execute(select(func.count()).where(*ready))).scalar_one()


async def until(condition):
    async with asyncio.timeout(PATIENCE_S):
        while not await condition():  # noqa: ASYNC110 - Rows tell nobody.
            await asyncio.sleep(0.05)


async def test_nothing_is_lost_and_next_to_nothing_told_twice(database, hold, ann, working):
    held = [await hold(ann, is_asked=True) for _ in range(EVENTS)]
    keys = [photo.key for photo in held]
    service, rng = Counted(), random.Random(7)
    async with service.listening():
        for n in range(KILLS):
            worker = working(service.port)
            goal = EVENTS * (n + rng.random()) / (KILLS + 1)

            async def is_there(goal=goal):
                return len(service.messages) >= goal

            await until(is_there)
            worker.send_signal(signal.SIGKILL)
            await asyncio.to_thread(worker.wait, STOP_S)
        worker = working(service.port)

        async def is_done():
            return await live(database, keys) == EVENTS

        try:
            await until(is_done)
        finally:
            worker.terminate()
            await asyncio.to_thread(worker.wait, STOP_S)
    assert set(service.messages) == {photo.id for photo in held}
    twice = len(service.messages) - EVENTS
    print(f"{EVENTS} messages, {KILLS} kills: 0 lost, {twice} told twice")  # noqa: T201
    # What was under way when it died; a hundredth of ten thousand messages.
    assert twice <= KILLS * 5


async def test_a_service_that_is_no_longer_set_is_told_nothing(database, hold, ann, working):
    held = [await hold(ann, is_asked=True) for _ in range(200)]
    service = Counted()
    async with service.listening():
        worker = working(service.port)

        async def has_begun():
            return len(service.messages) > 20

        await until(has_begun)
        worker.terminate()
        await asyncio.to_thread(worker.wait, STOP_S)
        told = len(service.messages)
        assert told < len(held)
        other = working(None)
        await asyncio.sleep(5)
        other.terminate()
        await asyncio.to_thread(other.wait, STOP_S)
    assert len(service.messages) == told
    assert await live(database, [photo.key for photo in held]) == told
