"""The API dies while people publish: a photo that is there has its job, and every job its photo."""

import asyncio
import hashlib
import os
import random

import httpx
import pytest
from sqlalchemy import text

from schema.nodes import global_id
from storage import uploads
from storage.uploads import Promise
from tests.idempotency.test_killed import Api
from tests.making import LONG
from tests.queue.conftest import PATIENCE_S
from tests.storing import picture, scalar
from tests.uploads.desk import PUBLISH

KILLS = int(os.environ.get("PICSHARE_TEST_KILLS", "30"))
CLIENTS = 6

ODD = text(
    """
    select count(*) from (
        select id from photos where status = 'PROCESSING' and owner_id = :owner
    ) as photo
    full join (
        select payload from pgqueuer where entrypoint = 'make_variants'
    ) as job on job.payload = uuid_send(photo.id)
    where photo.id is null or job.payload is null
    """
)
DOUBLE = text("select count(*) - count(distinct payload) from pgqueuer")


@pytest.fixture
def sent(database, objects):
    """Makes an upload whose file has arrived."""
    data = picture()
    promise = Promise("image/jpeg", len(data), hashlib.sha256(data).digest(), None)

    async def sent(owner):
        async with database.begin() as tx:
            given = {"upload_ttl": LONG, "publish_ttl": LONG}
            upload = await uploads.add(tx, owner.key, promise, None, **given)
        await objects.write(upload.staging_key, data, "image/jpeg")
        return global_id("upload", upload.id)

    return sent


@pytest.mark.torture
async def test_a_photo_and_its_job_are_there_together_or_not_at_all(
    settings, database, objects, ann, sent, tmp_path
):
    headers, chance = {"Authorization": f"Bearer {ann.token}"}, random.Random(5)
    acknowledged, begun, stopping = set(), 0, asyncio.Event()

    async def publish(client):
        nonlocal begun
        while not stopping.is_set():
            upload = await sent(ann)
            begun += 1
            variables = {"input": {"uploadId": upload}}
            try:
                answer = await client.post(
                    "/graphql", json={"query": PUBLISH, "variables": variables}, headers=headers
                )
            except httpx.TransportError:
                await asyncio.sleep(0.05)
                continue
            found = answer.json().get("data")
            if found and found["publishPhoto"]["photo"]:
                acknowledged.add(found["publishPhoto"]["photo"]["id"])

    with (tmp_path / "log").open("w") as log:
        api = Api(settings, log)
        api.start()
        try:
            async with httpx.AsyncClient(base_url=api.url, timeout=10) as client:
                await api.answers(client)
                publishing = [asyncio.create_task(publish(client)) for _ in range(CLIENTS)]
                for _ in range(KILLS):
                    before = len(acknowledged)
                    async with asyncio.timeout(PATIENCE_S):
                        while len(acknowledged) < before + 3:  # noqa: ASYNC110 - Seldom.
                            await asyncio.sleep(0.002)
                    await asyncio.sleep(chance.random() * 0.05)
                    await api.kill()
                    assert await scalar(database, ODD.bindparams(owner=ann.key)) == 0
                    api.start()
                    await api.answers(client)
                stopping.set()
                await asyncio.gather(*publishing)
        finally:
            api.process.kill()
            await asyncio.to_thread(api.process.wait, PATIENCE_S)

    assert await scalar(database, ODD.bindparams(owner=ann.key)) == 0
    assert await scalar(database, DOUBLE) == 0
    held = text("select count(*) from photos where owner_id = :owner")
    photos = await scalar(database, held.bindparams(owner=ann.key))
    print(  # noqa: T201
        f"{KILLS} kills while {begun} photos were published: {len(acknowledged)} acknowledged, "
        f"{photos} there, each with one job"
    )
    assert len(acknowledged) <= photos <= begun
