"""Verdicts that come later: signed, of now, and each taken once."""

import asyncio
import base64
import json

import httpx
import pytest
import pytest_asyncio
from sqlalchemy import select

from server.app import create_app
from server.webhooks.callback import MOST_BYTES, PATH
from server.webhooks.signatures import Signer, keys
from storage.rows import PhotoStatus
from storage.tables import moderation_log, photos

OLD, NEW, WRONG = (
    "whsec_" + base64.b64encode(bytes([number]) * 32).decode() for number in (1, 2, 3)
)


@pytest_asyncio.fixture
async def api(settings, database):
    """The application with the secrets of an overlap."""
    app = create_app(
        settings.model_copy(
            update={"moderation_secrets": type(settings.secret_key)(f"{NEW} {OLD}")}
        )
    )
    async with (
        app.lifespan(),
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://api") as opened,
    ):
        yield opened


@pytest.fixture
def call(api):
    """Sends a callback; its status."""

    async def call(id, body, secret=NEW, **headers):
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        signed = Signer(keys(secret)).headers(id, content)
        answered = await api.post(PATH, content=content, headers=signed | headers)
        return answered.status_code

    return call


async def status_of(database, photo):
    async with database.connect() as connection:
        found = select(photos.c.status).where(photos.c.id == photo.key)
        return (await connection.execute(found)).scalar_one()


@pytest.mark.parametrize("secret", [OLD, NEW])
@pytest.mark.parametrize(("verdict", "status"), [("allow", "READY"), ("reject", "FAILED")])
async def test_a_signed_verdict_counts(database, hold, call, ann, secret, verdict, status):
    photo = await hold(ann)
    body = {"photoId": photo.id, "verdict": verdict, "reason": "It is so."}

    assert await call(f"a_{photo.id}_{secret[-3:]}", body, secret) == 204

    assert await status_of(database, photo) is PhotoStatus(status)


async def test_a_message_is_taken_once(database, hold, call, ann):
    photo = await hold(ann)
    body = {"photoId": photo.id, "verdict": "allow"}
    statuses = await asyncio.gather(*(call(f"b_{photo.id}", body) for _ in range(5)))
    assert sorted(statuses) == [204, 409, 409, 409, 409]
    # A later verdict is taken, and finds nothing to decide.
    late = {"photoId": photo.id, "verdict": "reject"}
    assert await call(f"c_{photo.id}", late) == 204
    assert await status_of(database, photo) is PhotoStatus.READY
    async with database.connect() as connection:
        about = select(moderation_log.c.action).where(moderation_log.c.subject_id == photo.key)
        assert (await connection.execute(about)).scalars().all() == ["ALLOWED"]


async def test_what_is_not_signed_changes_nothing(database, hold, call, api, ann):
    photo = await hold(ann)
    body = {"photoId": photo.id, "verdict": "allow"}
    id = f"d_{photo.id}"
    refused = [
        await call(id, body, WRONG),
        await call(id, body, **{"webhook-id": "another"}),
        await call(id, body, **{"webhook-timestamp": "1500000000"}),
        await call(id, body, **{"webhook-signature": "v1,AAAA"}),
        (await api.post(PATH, json=body)).status_code,
    ]
    assert refused == [401] * 5
    assert await status_of(database, photo) is PhotoStatus.PROCESSING
    # Nothing of it used up the id.
    assert await call(id, body) == 204
    assert await status_of(database, photo) is PhotoStatus.READY


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"\xff",
        b"[]",
        {},
        {"photoId": "photo_" + "0" * 32},
        {"verdict": "allow"},
        {"photoId": "user_" + "0" * 32, "verdict": "allow"},
        {"photoId": 1, "verdict": "allow"},
        {"photoId": "photo_" + "0" * 32, "verdict": "yes"},
        {"photoId": "photo_" + "0" * 32, "verdict": ["allow"]},
    ],
)
async def test_what_is_no_verdict_is_refused(call, body):
    assert await call("e", body) == 400


async def test_a_photo_that_is_not_there_is_no_matter(call):
    id = "photo_" + base64.b16encode(b"never was there!").decode().lower()
    assert (
        await call(
            f"f_{id}_{asyncio.get_running_loop().time()}", {"photoId": id, "verdict": "allow"}
        )
        == 204
    )


async def test_a_large_body_is_refused(call):
    assert await call("g", b" " * (MOST_BYTES + 1)) == 413


async def test_without_a_secret_there_is_no_such_path(client):
    assert (await client.post(PATH, json={})).status_code == 404
