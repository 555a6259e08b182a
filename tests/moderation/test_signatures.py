"""Signatures against the reference library of Standard Webhooks, both ways."""

import base64
import random
import time
from datetime import UTC, datetime

import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from server.webhooks import signatures
from server.webhooks.signatures import BadSecret, NotVerified, Signer, keys

SECRET = "whsec_" + base64.b64encode(bytes(range(32))).decode()
OTHER = "whsec_" + base64.b64encode(bytes(range(32, 64))).decode()
DELIVERIES = 1_000


def message(chance):
    id = f"msg_{chance.getrandbits(128):032x}"
    body = '{"n": "' + "".join(chance.choices("abcäß€😀 ", k=chance.randrange(200))) + '"}'
    return id, body.encode()


def test_the_reference_library_verifies_every_delivery():
    chance, signer = random.Random(4), Signer(keys(SECRET))
    for _ in range(DELIVERIES):
        id, body = message(chance)
        headers = signer.headers(id, body)
        assert set(headers) == {"webhook-id", "webhook-timestamp", "webhook-signature"}
        Webhook(SECRET).verify(body, headers)


def test_we_verify_every_delivery_of_the_reference_library():
    chance, signer = random.Random(5), Signer(keys(SECRET))
    for _ in range(DELIVERIES):
        id, body = message(chance)
        now = datetime.now(UTC)
        signature = Webhook(SECRET).sign(id, now, body.decode())
        headers = {
            "webhook-id": id,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": signature,
        }
        assert signer.verified(headers, body) == id


def test_a_flip_anywhere_is_refused():
    chance, signer = random.Random(6), Signer(keys(SECRET))
    for number in range(DELIVERIES):
        id, body = message(chance)
        headers = signer.headers(id, body)
        if number % 4 == 0:
            headers["webhook-id"] = id[:-1] + ("0" if id[-1] != "0" else "1")
        elif number % 4 == 1:
            headers["webhook-timestamp"] = str(int(headers["webhook-timestamp"]) - 1)
        elif number % 4 == 2:
            at = chance.randrange(len(body))
            body = body[:at] + bytes([body[at] ^ (1 << chance.randrange(8))]) + body[at + 1 :]
        else:
            signature = headers["webhook-signature"]
            at = chance.randrange(3, len(signature) - 2)
            flipped = "A" if signature[at] != "A" else "B"
            headers["webhook-signature"] = signature[:at] + flipped + signature[at + 1 :]
        with pytest.raises(NotVerified):
            signer.verified(headers, body)
        # A flip may end what is UTF-8, and the library reads text alone.
        with pytest.raises((WebhookVerificationError, UnicodeDecodeError)):
            Webhook(SECRET).verify(body, headers)


def test_two_secrets_overlap():
    id, body = message(random.Random(7))
    both = Signer(keys(f"{OTHER} {SECRET}"))

    headers = both.headers(id, body)

    for secret in (SECRET, OTHER):
        Webhook(secret).verify(body, headers)
        assert Signer(keys(secret)).verified(headers, body) == id
        assert both.verified(Signer(keys(secret)).headers(id, body), body) == id
    third = Signer((bytes(32),))
    with pytest.raises(NotVerified):
        third.verified(headers, body)


@pytest.mark.parametrize("off_s", [-301, 301])
def test_a_message_of_another_time_is_refused(off_s):
    now = 1_800_000_000
    headers = Signer(keys(SECRET), clock=lambda: now + off_s).headers("msg_1", b"{}")
    with pytest.raises(NotVerified):
        Signer(keys(SECRET), clock=lambda: now).verified(headers, b"{}")
    near = Signer(keys(SECRET), clock=lambda: now + off_s * 300 // 301).headers("msg_1", b"{}")
    assert Signer(keys(SECRET), clock=lambda: now).verified(near, b"{}") == "msg_1"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("webhook-id", ""),
        ("webhook-id", "x" * 257),
        ("webhook-id", "a\nb"),
        ("webhook-timestamp", ""),
        ("webhook-timestamp", "1e9"),
        ("webhook-timestamp", "٣"),
        ("webhook-timestamp", "9" * 400),
        ("webhook-signature", ""),
        ("webhook-signature", "v1,"),
        ("webhook-signature", "v1a,AAAA \udc80"),
    ],
)
def test_broken_headers_are_refused(name, value):
    signer = Signer(keys(SECRET), clock=time.time)
    headers = signer.headers("msg_1", b"{}") | {name: value}
    with pytest.raises(NotVerified):
        signer.verified(headers, b"{}")


@pytest.mark.parametrize(
    "secret",
    ["secret", "whsec_", "whsec_AAAA", "whsec_!!!!", "whsec_" + "A" * 100, SECRET.upper()],
)
def test_what_is_no_secret_is_refused_without_being_quoted(secret):
    with pytest.raises(BadSecret) as caught:
        keys(secret)
    assert secret == signatures.PREFIX or secret not in str(caught.value)
