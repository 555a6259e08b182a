"""A real picture on its way through a worker that holds photos."""

import hashlib
import secrets
from io import BytesIO

import pytest_asyncio
from PIL import Image

from schema.nodes import global_id
from storage import jobs, moderation, photos, uploads
from storage.cases import Decider, Judge, Verdict
from storage.photos import Draft
from storage.rows import VariantName, Visibility
from storage.uploads import Promise
from storage.variants import every_key, key
from tests.making import LONG, Shared
from workers import media
from workers.images import Limits, Studio
from workers.outcomes import Outcome
from workers.variants import Workshop, make

STATUS = "query($id: ID!) { node(id: $id) { ... on Photo { status width variants { url } } } }"


@pytest_asyncio.fixture
async def workshop(database, objects):
    async with Studio(Limits(), children=1) as studio:
        yield Workshop(database, objects, studio, is_holding=True, is_asking=True)


async def published(database, objects, owner):
    """A photo whose original has arrived, and the token of its variants."""
    stream = BytesIO()
    Image.new("RGB", (640, 480), "teal").save(stream, "JPEG")
    data, token = stream.getvalue(), secrets.token_hex(16)
    await objects.write(f"originals/{token}", data, "image/jpeg")
    promise = Promise("image/jpeg", len(data), hashlib.sha256(data).digest(), None)
    draft = Draft("", "", "", [], None, None, None, Visibility.PUBLIC)
    async with database.begin() as tx:
        upload = await uploads.add(tx, owner.key, promise, None, upload_ttl=LONG, publish_ttl=LONG)
        row, _ = await photos.add(
            tx, upload, draft, original_key=f"originals/{token}", media_token=token
        )
    return Shared(global_id("photo", row.id), row.id), token


async def decide(database, photo, verdict):
    async with database.begin() as tx:
        return await moderation.decide(tx, photo.key, verdict, Decider(Judge.SERVICE))


async def there(objects, keys):
    return {key for key in keys if await objects.head(key) is not None}


async def test_what_is_held_lies_where_nobody_is_led(ask, database, objects, workshop, ann, bob):
    photo, token = await published(database, objects, ann)

    assert await make(workshop, photo.key) is Outcome.DONE
    assert await make(workshop, photo.key) is Outcome.NOTHING

    held = {key(token, name, is_public=False) for name in VariantName}
    assert held & await there(objects, every_key(token))
    assert not {each for each in await there(objects, every_key(token)) if "media/" in each[:6]}
    assert (await ask(STATUS, viewer=ann, id=photo.id))["node"]["status"] == "PROCESSING"

    assert await decide(database, photo, Verdict.ALLOW)
    assert await media.move(database, objects, photo.key) is Outcome.DONE
    seen = (await ask(STATUS, viewer=bob, id=photo.id))["node"]
    assert (seen["status"], seen["width"]) == ("READY", 640)
    assert seen["variants"]
    assert all("/media/" in each["url"] for each in seen["variants"])


async def test_what_is_rejected_is_removed(ask, database, objects, workshop, ann):
    photo, token = await published(database, objects, ann)
    assert await make(workshop, photo.key) is Outcome.DONE

    assert await decide(database, photo, Verdict.REJECT)

    async with database.connect() as connection:
        listed = f"select payload from pgqueuer where entrypoint = '{jobs.REMOVE_OBJECTS}'"
        payloads = (await connection.exec_driver_sql(listed)).scalars().all()
    removals = [payload for payload in payloads if token.encode() in payload]
    assert len(removals) == 2
    for payload in removals:
        assert await media.remove(objects, jobs.keys_of(payload)) is Outcome.DONE
    assert await there(objects, every_key(token)) == set()
    assert await objects.head(f"originals/{token}") is not None
    assert (await ask(STATUS, viewer=ann, id=photo.id))["node"]["status"] == "FAILED"
