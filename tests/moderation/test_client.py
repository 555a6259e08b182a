"""Receivers that do what they should not cost us a bounded time and bounded bytes."""

import asyncio
import ssl
import time

import pytest

from server.webhooks.client import LONGEST_S, MOST_BYTES, Client, NotSent
from server.webhooks.targets import target
from tests.moderation.receivers import Receiver, answer

# What lies in buffers of the kernel on the way, beyond what we read.
ON_THE_WAY = 8 * 1024 * 1024


async def post(url, **options):
    client = Client(allow_loopback=True, **options)
    return await client.post(target(url, allow_loopback=True), {"X-Sent": "yes"}, b"{}")


def test_the_limits_are_those_of_the_documentation():
    assert (LONGEST_S, MOST_BYTES) == (15.0, 65_536)


@pytest.mark.parametrize("behaviour", ["never", "drips"])
async def test_who_takes_too_long_is_cut_off(behaviour):
    receiver = Receiver()
    async with receiver.listening(getattr(receiver, behaviour)):
        began = time.monotonic()
        with pytest.raises(NotSent, match=r"no whole answer within 0\.5 s"):
            await post(receiver.url, longest_s=0.5)
        assert time.monotonic() - began >= 0.4


@pytest.mark.parametrize("behaviour", ["floods", "heads"])
async def test_who_sends_too_much_is_cut_off(behaviour):
    receiver = Receiver()
    async with receiver.listening(getattr(receiver, behaviour)):
        with pytest.raises(NotSent, match="65,536 bytes"):
            await post(receiver.url, longest_s=60)
        assert receiver.sent_bytes < MOST_BYTES + ON_THE_WAY


async def test_who_hangs_up_is_not_believed():
    receiver = Receiver()
    async with receiver.listening(receiver.resets):
        with pytest.raises(NotSent):
            await post(receiver.url, longest_s=60)


async def test_what_is_no_http_is_not_believed():
    receiver = Receiver([b"220 smtp.example.com ESMTP\r\n"])
    async with receiver.listening():
        with pytest.raises(NotSent):
            await post(receiver.url, longest_s=60)


async def test_without_tls_where_there_should_be_some_nothing_is_sent():
    receiver = Receiver([answer("200 OK")])
    async with receiver.listening():
        with pytest.raises(NotSent):
            await post(receiver.url.replace("http://", "https://"), longest_s=1)
        assert receiver.requests == []


async def test_a_certificate_that_nobody_knows_is_refused(certificate):
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(*certificate)
    receiver = Receiver([answer("200 OK", b"{}")])
    async with receiver.listening(tls=tls):
        with pytest.raises(NotSent, match=r"(?i)certificate"):
            await post(receiver.url, longest_s=60)
        assert receiver.requests == []

        known = ssl.create_default_context(cafile=certificate[0])
        reply = await post(receiver.url, longest_s=60, authority=known)

    assert (reply.status, reply.body) == (200, b"{}")


async def test_a_redirect_is_an_answer_and_nothing_else():
    elsewhere = Receiver([answer("200 OK")])
    async with elsewhere.listening():
        moved = Receiver([answer("302 Found", b"", f"Location: {elsewhere.url}")])
        async with moved.listening():
            reply = await post(moved.url, longest_s=60)
    assert (reply.status, len(moved.requests), elsewhere.requests) == (302, 1, [])


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("120", 120),
        ("0", 0),
        ("-1", None),
        ("Fri, 31 Dec 2027 23:59:59 GMT", None),
        ("9" * 50, None),
    ],
)
async def test_retry_after_is_read_where_it_is_a_number(header, seconds):
    receiver = Receiver([answer("429 Too Many Requests", b"", f"Retry-After: {header}")])
    async with receiver.listening():
        reply = await post(receiver.url, longest_s=60)
    assert (reply.status, reply.retry_after_s) == (429, seconds)


async def test_slow_receivers_do_not_keep_good_ones_waiting():
    bad, good = Receiver(), Receiver([answer("200 OK", b"{}")])
    async with bad.listening(bad.never), good.listening():
        slow = [asyncio.create_task(post(bad.url, longest_s=60)) for _ in range(10)]
        replies = await asyncio.gather(*(post(good.url, longest_s=60) for _ in range(40)))
        assert [reply.status for reply in replies] == [200] * 40
        assert not any(task.done() for task in slow)
        for task in slow:
            task.cancel()
        await asyncio.gather(*slow, return_exceptions=True)
