"""What a store enforces by itself, where it does: the embedded one does not."""

import base64
import hashlib
import secrets
from datetime import timedelta

import pytest
from minio import Minio
from minio.commonconfig import ENABLED, Filter
from minio.lifecycleconfig import Expiration, LifecycleConfig, Rule

from storage.parts import CHECKSUM

pytestmark = pytest.mark.usefixtures("strict")
HOUR = timedelta(hours=1)


@pytest.fixture
def granted(objects):
    """A key, its bytes, and how to send them, perhaps with further headers."""

    def granted(**more):
        key, data = f"staging/{secrets.token_hex(16)}", secrets.token_bytes(1_000)
        checksum = base64.b64encode(hashlib.sha256(data).digest()).decode()
        headers = {"Content-Type": "image/jpeg", CHECKSUM: checksum, **more}
        url = objects.presigned_put(key, headers | {"Content-Length": "1000"}, HOUR)
        return key, data, url, headers

    return granted


@pytest.fixture
def key():
    return f"staging/{secrets.token_hex(16)}"


async def test_other_bytes_of_the_promised_length_are_refused(objects, http, granted):
    key, data, url, headers = granted()

    answer = await http.put(url, content=bytes(1_000), headers=headers)

    assert answer.status_code == 400
    assert b"XAmzContentChecksumMismatch" in answer.content
    assert await objects.head(key) is None
    assert (await http.put(url, content=data, headers=headers)).status_code == 200


async def test_other_bytes_do_not_replace_those_that_came(objects, http, granted):
    key, data, url, headers = granted()
    await http.put(url, content=data, headers=headers)

    for _ in range(20):
        assert (await http.put(url, content=bytes(1_000), headers=headers)).status_code == 400

    assert await objects.read(key, 1_000) == data


async def test_what_must_not_be_there_is_written_once(objects, http, granted):
    key, data, url, headers = granted(**{"If-None-Match": "*"})

    codes = [(await http.put(url, content=data, headers=headers)).status_code for _ in range(3)]

    assert codes == [200, 412, 412]
    assert await objects.read(key, 1_000) == data


@pytest.mark.parametrize(
    "more",
    [
        {"Content-Encoding": "gzip"},
        {"Content-Disposition": "inline"},
        {"Cache-Control": "public"},
        {"x-amz-meta-owner": "me"},
        {"x-amz-acl": "public-read"},
        {"x-amz-tagging": "owner=me"},
        {"x-amz-website-redirect-location": "/elsewhere"},
    ],
    ids=lambda more: next(iter(more)),
)
async def test_of_what_a_client_wrote_the_bytes_are_kept_and_nothing_else(objects, http, key, more):
    headers = {"Content-Type": "image/jpeg"}
    url = objects.presigned_put(key, headers | {"Content-Length": "8"}, HOUR)
    sent = await http.put(url, content=b"original", headers=headers | more)
    if not sent.is_success:
        # Not every store takes a header that was not signed.
        assert 400 <= sent.status_code < 500
        assert await objects.head(key) is None
        return

    await objects.keep(key, f"{key}-kept", "image/png")

    kept = objects.presigned_get(f"{key}-kept", HOUR)
    answer = await http.get(kept)
    assert (answer.content, answer.headers["content-type"]) == (b"original", "image/png")
    assert {name.lower() for name in more} & answer.headers.keys() == set()
    assert "x-amz-tagging-count" not in answer.headers
    assert 400 <= (await http.get(kept.partition("?")[0])).status_code < 500


async def test_a_rule_that_expires_what_was_staged_is_taken(settings, store):
    scheme, _, host = store.endpoint.partition("://")
    keys = {"access_key": store.access_key, "secret_key": store.secret_key}
    client = Minio(host, secure=scheme == "https", **keys)
    bucket = f"picshare-{secrets.token_hex(6)}"
    client.make_bucket(bucket)
    rule = Rule(
        ENABLED,
        rule_filter=Filter(prefix="staging/"),
        rule_id="staging",
        expiration=Expiration(days=2),
    )

    client.set_bucket_lifecycle(bucket, LifecycleConfig([rule]))

    [kept] = client.get_bucket_lifecycle(bucket).rules
    assert (kept.rule_filter.prefix, kept.expiration.days) == ("staging/", 2)
