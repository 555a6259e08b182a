"""Processes that are killed under load double nothing for clients that repeat with their key."""

import asyncio
import signal
import subprocess
from uuid import uuid4

import httpx
import pytest
from sqlalchemy import select

from server.embedded.sockets import free_port
from storage.tables import comments
from tests.making import make_photo
from tests.running import PICSHARE, clean_environment
from tests.subscriptions.clients import until

KILLS = 20
CLIENTS = 8
DEADLINE_S = 60
ADD = """
mutation($photo: ID!, $body: String!) {
  addComment(input: {photoId: $photo, body: $body}) { comment { id } errors { code } }
}
"""


class Api:
    """`picshare serve`, started again after each death."""

    def __init__(self, settings, log):
        port = free_port()
        self.url = f"http://127.0.0.1:{port}"
        self._log = log
        self._environment = clean_environment() | settings.environment()
        self._environment |= {"PICSHARE_PORT": str(port), "PICSHARE_PROCESSES": "1"}

    def start(self):
        self.process = subprocess.Popen(
            [*PICSHARE, "serve"],
            env=self._environment,
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=subprocess.STDOUT,
        )

    async def kill(self):
        self.process.send_signal(signal.SIGKILL)
        await asyncio.to_thread(self.process.wait, DEADLINE_S)

    async def answers(self, client):
        async with asyncio.timeout(DEADLINE_S):
            while True:
                try:
                    if (await client.get("/livez")).is_success:
                        return
                except httpx.TransportError:
                    await asyncio.sleep(0.05)


async def acknowledged(client, headers, variables):
    """The answer, asked for with one key until there is one; and how often that took."""
    headers = headers | {"Idempotency-Key": str(uuid4())}
    async with asyncio.timeout(DEADLINE_S):
        for tries in range(1, 10_000):
            try:
                answer = await client.post(
                    "/graphql", json={"query": ADD, "variables": variables}, headers=headers
                )
            except httpx.TransportError:
                await asyncio.sleep(0.05)
                continue
            if answer.status_code == 200:
                return answer.json()["data"]["addComment"], tries
            assert answer.status_code in {409, 503}, answer.text
            await asyncio.sleep(0.05)
    raise AssertionError("it was asked for too often")


@pytest.mark.torture
async def test_no_comment_is_doubled_or_lost(settings, database, objects, ann, bob, tmp_path):
    photo = await make_photo(database, ann)
    headers = {"Authorization": f"Bearer {bob.token}"}
    acked, repeated, stopping = {}, 0, asyncio.Event()

    async def write(client, number):
        nonlocal repeated
        count = 0
        while not stopping.is_set():
            body = f"{number}-{count}"
            answer, tries = await acknowledged(client, headers, {"photo": photo.id, "body": body})
            assert answer["errors"] == []
            acked[body] = answer["comment"]["id"]
            repeated += tries > 1
            count += 1

    with (tmp_path / "log").open("w") as log:
        api = Api(settings, log)
        api.start()
        try:
            async with httpx.AsyncClient(base_url=api.url, timeout=10) as client:
                await api.answers(client)
                writing = [asyncio.create_task(write(client, n)) for n in range(CLIENTS)]
                for kill in range(KILLS):
                    before = len(acked)
                    await until(lambda: len(acked) >= before + 20 + kill)  # noqa: B023
                    await api.kill()
                    api.start()
                    await api.answers(client)
                stopping.set()
                await asyncio.gather(*writing)
        finally:
            api.process.kill()
            api.process.wait(DEADLINE_S)

    async with database.connect() as connection:
        rows = await connection.execute(
            select(comments.c.body, comments.c.id).where(comments.c.photo_id == photo.key)
        )
        written = [(body, f"comment_{id.hex}") for body, id in rows]
    # What docs/auth.md quotes.
    print(f"{KILLS} kills, {len(acked)} comments, {repeated} asked for more than once")  # noqa: T201
    assert sorted(written) == sorted(acked.items())
    assert repeated > 0
