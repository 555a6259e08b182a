import asyncio
from collections.abc import Sequence
from secrets import token_hex

import httpx
import pytest

from server.client.accounts import Account
from server.client.api import Api, Refused
from server.client.retries import Patience, Transient
from server.client.waiting import Waiting

PASSWORD = "correct horse"
AT_ONCE = Patience(attempts=4, first_delay_s=0.0, longest_delay_s=0.0)
VIEWER = "{ viewer { username } }"


class Faulty(httpx.AsyncBaseTransport):
    """Does to its first requests what it is told, and lets all others through."""

    def __init__(self, through: httpx.AsyncClient, faults: Sequence[httpx.Response | Exception]):
        self.through = through
        self.faults = list(faults)
        self.asked = 0

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.asked += 1
        if not self.faults:
            return await self.through._transport.handle_async_request(request)
        fault = self.faults.pop(0)
        if isinstance(fault, Exception):
            raise fault
        return fault


def api(client: httpx.AsyncClient) -> Api:
    return Api(client, "http://api/graphql", AT_ONCE)


async def account(client: httpx.AsyncClient) -> Account:
    name = f"ann{token_hex(4)}"
    return await Account.signed_up(
        api(client), username=name, email=f"{name}@example.org", password=PASSWORD
    )


async def test_a_token_that_ran_out_is_exchanged_once_for_all(client: httpx.AsyncClient):
    ann = await account(client)
    first_refresh_token = ann._refresh_token
    ann._access_token = "no longer good"

    answers = await asyncio.gather(*(ann.ask(VIEWER) for _ in range(5)))

    assert answers == [{"viewer": {"username": ann.username}}] * 5
    assert ann._refresh_token != first_refresh_token


async def test_a_session_that_ended_is_opened_anew(client: httpx.AsyncClient):
    ann = await account(client)
    await ann.ask("mutation { logOut { errors { code } } }")

    answer = await ann.ask("mutation { updateProfile(input: {}) { user { username } } }")

    assert answer == {"updateProfile": {"user": {"username": ann.username}}}


@pytest.mark.parametrize(
    "fault",
    [
        httpx.ConnectError("refused"),
        httpx.ReadTimeout("slow"),
        httpx.Response(503, headers={"Retry-After": "0"}),
        httpx.Response(502, text="<html>"),
        httpx.Response(
            200, json={"errors": [{"message": "", "extensions": {"code": "RATE_LIMITED"}}]}
        ),
    ],
)
async def test_what_passes_is_asked_again(client: httpx.AsyncClient, fault):
    faulty = Faulty(client, [fault, fault])
    async with httpx.AsyncClient(transport=faulty) as http:
        assert await api(http).ask("{ __typename }") == {"__typename": "Query"}
    assert faulty.asked == 3


async def test_but_not_for_ever(client: httpx.AsyncClient):
    faulty = Faulty(client, [httpx.ConnectError("refused")] * 9)
    async with httpx.AsyncClient(transport=faulty) as http:
        with pytest.raises(Transient, match="http://api cannot be reached: refused"):
            await api(http).ask("{ __typename }")
    assert faulty.asked == AT_ONCE.attempts


async def test_a_refusal_is_not_asked_again(client: httpx.AsyncClient):
    faulty = Faulty(client, [])
    async with httpx.AsyncClient(transport=faulty) as http:
        with pytest.raises(Refused) as refusal:
            await api(http).ask("{ nonsense }")
    assert (refusal.value.code, faulty.asked) == ("BAD_USER_INPUT", 1)


def test_delays_grow_to_a_limit_and_obey_the_server():
    patience = Patience(first_delay_s=1.0, longest_delay_s=8.0, random=lambda: 1.0)

    assert [patience.delay_s(attempt, 0.0) for attempt in range(1, 6)] == [1, 2, 4, 8, 8]
    assert patience.delay_s(1, 30.0) == 31.0
    assert Patience(first_delay_s=1.0, random=lambda: 0.0).delay_s(1, 0.0) == 0.5


async def test_a_photo_that_is_gone_settles(client: httpx.AsyncClient):
    ann = await account(client)
    settled = []
    waiting = Waiting(ann, settled.append)
    waiting.add("no id of a photo")
    waiting.close()

    await waiting.run()

    assert [(each.photo_id, each.code) for each in settled] == [("no id of a photo", "NOT_FOUND")]
