"""A link to an original reads it, always as a download, and does nothing else."""

import secrets
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from sqlalchemy import update

from storage.photos import originals
from storage.tables import photos
from tests.making import make_photo

HOUR = timedelta(hours=1)


async def test_a_link_reads_one_object_and_changes_none(objects, http):
    key, other = (f"originals/{secrets.token_hex(16)}" for _ in range(2))
    await objects.write(key, b"there", "image/png")
    await objects.write(other, b"other", "image/png")
    url = objects.presigned_get(key, HOUR)

    assert (await http.get(url)).content == b"there"
    assert (await http.get(url, headers={"Range": "bytes=1-2"})).content == b"he"
    assert (await http.get(url.replace(key, other))).status_code == 403
    for method in ("PUT", "DELETE", "POST"):
        assert 400 <= (await http.request(method, url)).status_code < 500
    assert await objects.read(key, 5) == b"there"


@pytest.mark.parametrize(
    ("filename", "plain", "encoded"),
    [
        ("beach.jpg", "beach.jpg", "beach.jpg"),
        ("my beach (1).jpg", "my beach (1).jpg", "my%20beach%20%281%29.jpg"),
        ("Müller-日本.jpg", "M_ller-__.jpg", "M%C3%BCller-%E6%97%A5%E6%9C%AC.jpg"),
        ('a"b\\c.jpg', "a_b_c.jpg", "a%22b%5Cc.jpg"),
        ("../../etc/passwd", ".._.._etc_passwd", "..%2F..%2Fetc%2Fpasswd"),
        (
            "a\r\nSet-Cookie: x=y;.jpg",
            "a__Set-Cookie_ x_y_.jpg",
            "a%0D%0ASet-Cookie%3A%20x%3Dy%3B.jpg",
        ),
        ("100%.jpg", "100_.jpg", "100%25.jpg"),
    ],
)
async def test_a_link_with_a_name_is_a_download(objects, http, filename, plain, encoded):
    key = f"originals/{secrets.token_hex(16)}"
    await objects.write(key, b"<script>", "text/html")

    url = objects.presigned_get(key, HOUR, filename=filename, content_type="image/jpeg")
    answer = await http.get(url)

    assert (answer.status_code, answer.content) == (200, b"<script>")
    assert answer.headers["content-type"] == "image/jpeg"
    assert (
        answer.headers["content-disposition"]
        == f"attachment; filename=\"{plain}\"; filename*=UTF-8''{encoded}"
    )
    assert "set-cookie" not in answer.headers


@pytest.mark.parametrize(
    "changed",
    [
        ("attachment", "inline"),
        ("image%2Fjpeg", "text%2Fhtml"),
        ("&response-content-type=image%2Fjpeg", ""),
        ("a.jpg", "a.exe"),
    ],
)
async def test_the_name_and_the_type_are_signed(objects, http, changed):
    key = f"originals/{secrets.token_hex(16)}"
    await objects.write(key, b"there", "image/jpeg")
    url = objects.presigned_get(key, HOUR, filename="a.jpg", content_type="image/jpeg")
    assert changed[0] in url

    answer = await http.get(url.replace(*changed))

    assert answer.status_code == 403
    assert b"there" not in answer.content


async def test_the_owner_downloads_the_original_under_its_name(
    objects, database, ask, ann, bob, http
):
    photo = await make_named_photo(database, objects, ann, "Strand é.jpg")
    unnamed = await make_named_photo(database, objects, ann, None)
    query = "query($id: ID!) { node(id: $id) { ... on Photo { originalUrl } } }"

    links = [
        (await ask(query, viewer=ann, id=shared.id))["node"]["originalUrl"]
        for shared in (photo, unnamed)
    ]
    answers = [await http.get(link) for link in links]

    name = f"photo-{unnamed.key}.jpeg"
    assert [answer.headers["content-disposition"] for answer in answers] == [
        "attachment; filename=\"Strand _.jpg\"; filename*=UTF-8''Strand%20%C3%A9.jpg",
        f"attachment; filename=\"{name}\"; filename*=UTF-8''{name}",
    ]
    assert [answer.headers["content-type"] for answer in answers] == ["image/jpeg"] * 2
    assert parse_qs(urlsplit(links[0]).query)["X-Amz-Expires"] == ["300"]
    assert await ask(query, viewer=bob, id=photo.id) == {"node": {"originalUrl": None}}
    assert await ask(query, id=photo.id) == {"node": {"originalUrl": None}}


async def make_named_photo(database, objects, owner, filename):
    """A photo whose original lies in the store."""
    shared = await make_photo(database, owner=owner)
    async with database.begin() as tx:
        await tx.execute(update(photos).where(photos.c.id == shared.key).values(filename=filename))
        original = (await originals(tx, [shared.key]))[shared.key]
    await objects.write(original.key, b"original", "application/octet-stream")
    return shared
