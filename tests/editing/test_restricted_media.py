"""Bytes obey rights: who is given which address of a variant, and how long it is good."""

import secrets
from datetime import UTC, datetime, timedelta

import httpx
import pytest
import pytest_asyncio
from starlette.applications import Starlette

from server import media
from server.addresses import Addresses
from storage.rows import Visibility
from tests.making import make_block, make_follow
from tests.storing import (
    is_signed,
    make_stored,
)

WINDOW = timedelta(minutes=5)


NOON = datetime(2026, 11, 20, 12, 1, tzinfo=UTC)


TOKEN = "ab" * 16


class Clock:
    def __init__(self):
        self.time = NOON

    def __call__(self):
        return self.time.timestamp()


def addresses(clock, secret="s" * 32):
    return Addresses(
        secret,
        public_url="http://cdn",
        restricted_url="http://api/restricted",
        window=WINDOW,
        clock=clock,
    )


def test_a_public_variant_has_one_plain_address():
    assert addresses(Clock()).of(f"media/{TOKEN}/full.webp") == f"http://cdn/{TOKEN}/full.webp"


def test_a_signed_address_is_the_same_for_a_window_and_good_for_one_more():
    clock = Clock()
    made = addresses(clock)
    key = f"restricted/{TOKEN}/full.webp"

    clock.time = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
    first = made.of(key)
    clock.time += WINDOW - timedelta(seconds=1)
    last = made.of(key)
    clock.time += timedelta(seconds=1)
    following = made.of(key)

    until = int(datetime(2026, 11, 20, 12, 10, tzinfo=UTC).timestamp())
    assert first.startswith(f"http://api/restricted/{TOKEN}/full.webp?until={until}&signature=")
    assert first == last
    assert following != first
    assert addresses(clock).of(key) == following
    assert addresses(clock, "t" * 32).of(key) != following


@pytest_asyncio.fixture
async def clocked(objects):
    """The route with a clock that can be set, an object behind it, and its address of now."""
    clock = Clock()
    token = secrets.token_hex(16)
    for prefix, data in (("restricted", b"shown to some"), ("media", b"another")):
        await objects.write(f"{prefix}/{token}/thumb.webp", data, "image/webp")
    app = Starlette(routes=[media.restricted(objects, addresses(clock))])
    url = addresses(clock).of(f"restricted/{token}/thumb.webp")
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://api") as client:
        yield clock, client, url


async def test_a_signed_address_may_be_kept_until_it_expires(clocked):
    clock, client, url = clocked

    fresh = await client.get(url)
    clock.time = datetime(2026, 11, 20, 12, 9, 59, tzinfo=UTC)
    old = await client.get(url)
    clock.time += timedelta(seconds=1)
    expired = await client.get(url)

    assert (fresh.status_code, fresh.content) == (200, b"shown to some")
    assert fresh.headers["cache-control"] == "private, max-age=540, immutable"
    assert fresh.headers["x-content-type-options"] == "nosniff"
    assert (old.status_code, old.headers["cache-control"]) == (
        200,
        "private, max-age=1, immutable",
    )
    assert expired.status_code == 403
    assert expired.headers["cache-control"] == "no-store"


async def test_parts_and_known_bytes_work_as_for_public_variants(clocked):
    _, client, url = clocked
    etag = (await client.head(url)).headers["etag"]

    part = await client.get(url, headers={"Range": "bytes=0-4"})
    known = await client.get(url, headers={"If-None-Match": etag})

    assert (part.status_code, part.content) == (206, b"shown")
    assert (known.status_code, known.content) == (304, b"")
    assert known.headers["cache-control"] == "private, max-age=540, immutable"


@pytest.mark.parametrize(
    "altered",
    [
        lambda url: url.partition("?")[0],
        lambda url: url.partition("&")[0],
        lambda url: url.replace("until=", "until=1"),
        lambda url: url.replace("until=1", "until=2"),
        lambda url: url.replace("until=", "until=0"),
        lambda url: url.replace("until=", "until=%2B"),
        lambda url: url.replace("until=", "until=%20"),
        lambda url: url.replace("thumb", "full"),
        lambda url: url.replace("/restricted/", "/restricted/" + "0" * 32 + "/"),
        lambda url: url[:-1] + ("0" if url[-1] != "0" else "1"),
        lambda url: url[:-1],
        lambda url: url + "0",
        lambda url: url.replace("signature=", "signature=%C3%A9"),
        lambda url: url.replace("signature=", "signature=%ED%A0%80"),
        lambda url: url.partition("signature=")[0] + "signature=",
        lambda url: url.partition("signature=")[0] + "signature=" + "0" * 64,
        lambda url: url.replace("until=", "until=" + "9" * 5_000),
    ],
)
async def test_what_is_not_signed_by_us_opens_nothing(clocked, altered):
    _, client, url = clocked
    assert altered(url) != url

    answer = await client.get(altered(url))

    assert answer.status_code in {403, 404}
    assert answer.headers.get("cache-control", "no-store") == "no-store"
    assert b"shown" not in answer.content


async def test_another_secret_signs_nothing(clocked, objects):
    clock, client, url = clocked
    token = url.split("/")[4]

    forged = addresses(clock, "t" * 32).of(f"restricted/{token}/thumb.webp")

    assert (await client.get(forged)).status_code == 403
    assert (await client.get(url)).status_code == 200


async def test_a_signed_address_of_nothing_is_404(clocked):
    clock, client, _ = clocked

    answer = await client.get(addresses(clock).of(f"restricted/{TOKEN}/thumb.webp"))

    assert (answer.status_code, answer.headers["cache-control"]) == (404, "no-store")


@pytest.mark.parametrize("visibility", Visibility)
@pytest.mark.parametrize("is_private", [False, True])
async def test_who_may_see_a_photo_and_nobody_else_gets_its_bytes(
    database, objects, settings, urls, fetched, hide, ann, bob, cid, visibility, is_private
):
    await make_follow(database, by=bob, of=ann)
    await hide(ann, is_private=is_private)
    photo = await make_stored(database, objects, ann, visibility)
    is_public = visibility is Visibility.PUBLIC and not is_private

    given = {viewer: await urls(photo, viewer) for viewer in (None, cid, bob, ann)}

    assert (given[None] is not None, given[cid] is not None) == (is_public, is_public)
    assert (given[bob] is not None) == (visibility is not Visibility.PRIVATE)
    for url in given[ann].values():
        assert is_signed(url, settings) is not is_public
        assert (await fetched(url))[0] == 200
        if not is_public:
            assert (await fetched(url.partition("?")[0]))[0] == 403
            assert (await fetched(url.replace("/restricted/", "/media/")))[0] == 404


async def test_two_requests_in_one_window_get_the_same_addresses(
    database, objects, urls, settings, ann, bob
):
    await make_follow(database, by=bob, of=ann)
    photo = await make_stored(database, objects, ann, Visibility.FOLLOWERS)

    def window():
        return datetime.now(UTC).timestamp() // settings.restricted_media_window_s

    while True:
        before = window()
        first, second, other = [await urls(photo, viewer) for viewer in (ann, ann, bob)]
        if window() == before:
            break

    assert first == second == other


@pytest.mark.parametrize("ending", ["unfollow", "block"])
async def test_when_the_right_ends_no_address_is_handed_out(
    database, objects, ask, urls, ann, bob, ending
):
    await make_follow(database, by=bob, of=ann)
    photo = await make_stored(database, objects, ann, Visibility.FOLLOWERS)
    assert await urls(photo, bob) is not None

    if ending == "block":
        await make_block(database, by=ann, of=bob)
    else:
        unfollow = "mutation($id: ID!) { unfollowUser(id: $id) { errors { code } } }"
        await ask(unfollow, viewer=bob, id=ann.id)

    assert await urls(photo, bob) is None
