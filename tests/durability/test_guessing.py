"""U4: keys that are guessed, buckets that are listed, and what is no longer for everybody."""

import asyncio
import os
import random
import secrets
from collections import Counter
from functools import partial

import httpx
import pytest
import pytest_asyncio
from sqlalchemy import select

from resolvers.context import Rules
from server import parts
from server.embedded.sockets import free_port
from storage.rows import Visibility
from storage.tables import photos
from tests.durability.system import serving
from tests.load.shooting import Shooter, tell
from tests.storing import Jobs, make_stored, scalar, variant_rows
from workers.images import Limits, Studio
from workers.variants import Workshop

MANY = int(os.environ.get("PICSHARE_TORTURE_GUESSES", "100000"))
AT_ONCE = 16
NAMES = ("thumb.webp", "medium.webp", "full.webp", "thumb.jpg", "medium.jpg", "full.jpg")
HIDE = """mutation($id: ID!) { updatePhoto(input: {id: $id, visibility: PRIVATE}) {
  photo { visibility } errors { code } } }"""


@pytest_asyncio.fixture
async def reached(settings, objects):
    """A client of the store, without a word of who it is; `make_stored` has put something in it."""
    async with httpx.AsyncClient(base_url=f"{settings.s3_endpoint}", timeout=30) as opened:
        yield opened


async def test_no_key_is_guessed(settings, database, objects, client, reached, ann):
    async def at_the_api(path: str) -> int:
        return (await client.get(path)).status_code

    async def at_the_store(path: str) -> int:
        return (await reached.get(path)).status_code

    keys = await kept(database, objects, ann)
    await guess(keys, 60, settings, at_the_api, at_the_store)


@pytest.mark.torture
async def test_no_key_of_a_hundred_thousand_is_guessed(
    settings, database, objects, store, ann, tmp_path
):
    keys = await kept(database, objects, ann)
    own = settings.model_copy(update={"port": free_port(), "log_level": "error", "drain_s": 0})
    api = serving(own, tmp_path / "log")
    shooters = Shooter(own.api_url), Shooter(store.endpoint)

    async def ask(shooter: Shooter, path: str) -> int:
        head = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{shooter.port}\r\n\r\n"
        status, _ = await shooter.ask(head.encode())
        return status

    try:
        await guess(keys, MANY, own, *(partial(ask, each) for each in shooters))
    finally:
        for each in shooters:
            each.close()
        api.stop()


async def kept(database, objects, ann) -> list[str]:
    """The keys of two photos, one for everybody and one for nobody."""
    shared = [
        await make_stored(database, objects, ann, visibility=each)
        for each in (Visibility.PUBLIC, Visibility.PRIVATE)
    ]
    return [row.key for photo in shared for row in await variant_rows(database, photo)]


async def guess(keys, many, settings, at_the_api, at_the_store) -> None:
    """None of so many guesses finds anything: half of them are one digit away from a key."""
    chance, found = random.Random(many), Counter()

    async def one(number: int) -> None:
        key = _altered(chance.choice(keys), chance) if number % 2 else _invented(chance)
        is_stored = number % 3 == 0
        path = f"/{settings.s3_bucket}/{key}" if is_stored else f"/{key}"
        found[await (at_the_store if is_stored else at_the_api)(path)] += 1

    for first in range(0, many, AT_ONCE):
        await asyncio.gather(*map(one, range(first, min(first + AT_ONCE, many))))

    tell(f"{many} guesses: {dict(found)}")
    # The embedded store calls a request without a signature a bad one.
    assert set(found) <= {400, 403, 404}
    assert found.total() == many


def _altered(key: str, chance: random.Random) -> str:
    """The key with one digit of its token changed."""
    token = next(part for part in key.split("/") if len(part) == 32)
    at = chance.randrange(len(token))
    digit = chance.choice([each for each in "0123456789abcdef" if each != token[at]])
    return key.replace(token, token[:at] + digit + token[at + 1 :])


def _invented(chance: random.Random) -> str:
    place = chance.choice(["media", "restricted", "originals", "staging"])
    token = "%032x" % chance.getrandbits(128)  # noqa: UP031 - As keys are written.
    return f"{place}/{token}/{chance.choice(NAMES)}"


async def test_a_stranger_at_the_store_is_told_nothing(settings, database, objects, reached, ann):
    photo = await make_stored(database, objects, ann)
    [row, *_] = await variant_rows(database, photo)
    bucket = settings.s3_bucket

    for path in (
        "/",
        f"/{bucket}",
        f"/{bucket}/",
        f"/{bucket}?list-type=2",
        f"/{bucket}?list-type=2&prefix=originals/",
        f"/{bucket}?uploads",
        f"/{bucket}?versions",
        f"/{bucket}/{row.key}",
        f"/{bucket}/{row.key}?X-Amz-Signature={secrets.token_hex(32)}",
    ):
        answer = await reached.get(path)
        assert answer.status_code in {400, 403}, path
        assert photo.id not in answer.text
        assert row.key.encode() not in answer.content.replace(
            f"/{bucket}/{row.key}".encode(), b""
        ).replace(f"<Key>{row.key}</Key>".encode(), b"")


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def studio():
    async with Studio(Limits(), children=1) as opened:
        yield opened


async def test_what_is_no_longer_for_everybody_is_nowhere(
    database, objects, client, studio, ask, ann
):
    jobs = await Jobs.from_now_on(database, Workshop(database, objects, studio))
    photo = await make_stored(database, objects, ann)
    addresses = [f"/{row.key}" for row in await variant_rows(database, photo)]
    assert {(await client.get(each)).status_code for each in addresses} == {200}

    hidden = await ask(HIDE, viewer=ann, id=photo.id)
    assert hidden["updatePhoto"] == {"photo": {"visibility": "PRIVATE"}, "errors": []}
    await jobs.run()

    assert {(await client.get(each)).status_code for each in addresses} == {404}
    visibility = select(photos.c.visibility).where(photos.c.id == photo.key)
    assert await scalar(database, visibility) == Visibility.PRIVATE


def test_a_signed_address_lives_for_a_quarter_of_an_hour_at_most(settings):
    rules: Rules = parts.rules(settings)

    assert rules.original_url_ttl.total_seconds() <= 900
    assert rules.upload_ttl.total_seconds() <= 900
    assert settings.restricted_media_window_s * 2 <= 900
