"""The rate limits as clients meet them."""

import asyncio
import re
import secrets
from datetime import datetime

import httpx
import pytest

from tests.accounts.operations import LOG_IN
from tests.subscriptions.clients import events

TYPENAME = {"query": "{ __typename }"}
# Points come back so slowly that a test does not notice.
FEW = {"rate_store": "memory", "rate_points_per_minute": 1, "rate_burst_points": 100}
LIMITED = re.compile(r"the limit of points is used up; try again in \d+ s")


@pytest.fixture
def post(serving):
    """Posts to an API with few points; the whole response."""
    api = serving(**FEW)

    async def post(body, viewer=None, headers=None, **options):
        authorization = {"Authorization": f"Bearer {viewer.token}"} if viewer else {}
        async with httpx.AsyncClient(timeout=30) as client:
            return await client.post(
                f"{api.url}/graphql",
                headers=authorization | (headers or {}),
                **({"json": body} | options),
            )

    return post


async def test_every_answer_says_how_much_is_left(post, ann):
    first, second = await post(TYPENAME, ann), await post(TYPENAME, ann)

    assert first.headers["ratelimit-policy"] == '"user";q=100;w=6000'
    assert first.headers["ratelimit"] == '"user";r=90;t=600'
    assert second.headers["ratelimit"].startswith('"user";r=80;')


async def test_what_is_too_much_is_429_and_when_to_come_again(post, ann, bob):
    statuses = [(await post(TYPENAME, ann)).status_code for _ in range(10)]
    refused = await post(TYPENAME, ann)

    assert statuses == [200] * 10
    assert refused.status_code == 429
    retry_in_s = int(refused.headers["retry-after"])
    assert 1 <= retry_in_s <= 600
    (error,) = refused.json()["errors"]
    assert LIMITED.fullmatch(error["message"])
    assert error["extensions"] == {"code": "RATE_LIMITED", "retryAfter": retry_in_s}
    assert "data" not in refused.json()
    assert refused.headers["ratelimit"].startswith('"user";r=0;')
    # Others have points of their own.
    assert (await post(TYPENAME, bob)).status_code == 200
    assert (await post(TYPENAME)).status_code == 200


async def test_guests_share_the_points_of_their_address(post):
    for _ in range(10):
        assert (await post(TYPENAME)).status_code == 200

    refused = await post(TYPENAME, headers={"Authorization": "Bearer forged"})
    assert refused.status_code == 429
    assert refused.headers["ratelimit-policy"] == '"address";q=100;w=6000'


async def test_an_operation_takes_its_cost(post, ann):
    asked = (
        "{ rateLimit { limit remaining resetAt cost } photos(first: 20) { edges { node { id } } } }"
    )

    answer = await post({"query": asked, "extensions": {"cost": "report"}}, ann)

    told = answer.json()["data"]["rateLimit"]
    cost = answer.json()["extensions"]["cost"]["requested"]
    assert cost > 20
    assert datetime.fromisoformat(told.pop("resetAt")).tzinfo is not None
    assert told == {"limit": 100, "remaining": 100 - cost, "cost": cost}


@pytest.mark.parametrize(
    "bad",
    [
        {"content": b"no JSON", "headers": {"Content-Type": "application/json"}},
        {"json": {"query": "{ nothing }"}},
        {"json": {"query": "{"}},
        {"json": {"query": "{ __typename }", "extensions": {"cost": "dry-run"}}},
        {"json": {}},
    ],
)
async def test_what_is_refused_costs_as_well(post, bad):
    statuses = [(await post(None, **bad)).status_code for _ in range(11)]

    assert 429 not in statuses[:10]
    assert statuses[10] == 429
    assert (await post(TYPENAME)).status_code == 429


async def test_aliases_do_not_help(serving, ann):
    api = serving(uploads_per_hour=3)
    promise = '{contentType: "image/jpeg", byteSize: 1, checksumSha256: ""}'
    call = f"createUpload(input: {promise}) {{ errors {{ code }} }}"
    many = f"mutation Harmless {{ {' '.join(f'a{number}: {call}' for number in range(3))} }}"
    bearer = {"Authorization": f"Bearer {ann.token}"}
    async with httpx.AsyncClient(base_url=api.url, timeout=60, headers=bearer) as client:
        all_three = await client.post("/graphql", json={"query": many})
        one_more = await client.post("/graphql", json={"query": f"mutation {{ {call} }}"})
        other = await client.post("/graphql", json=TYPENAME)

    assert all_three.status_code == 200
    assert '"createUpload";r=0;' in all_three.headers["ratelimit"]
    assert one_more.status_code == 429
    message = one_more.json()["errors"][0]["message"]
    assert re.fullmatch(r"the limit of createUpload is used up; try again in \d+ s", message)
    assert other.status_code == 200


async def test_a_secret_is_tried_once_in_a_request(serving):
    """Twenty guesses under aliases are none; each of a limit of three is a request of its own."""
    api = serving(log_ins_per_hour=3)
    call = "logIn(input: {login: $login, password: $password}) { errors { code } }"
    given = {"login": f"nobody{secrets.token_hex(4)}", "password": "a wrong one of mine"}
    calls = " ".join(f"a{number}: {call}" for number in range(20))
    many = f"mutation Harmless($login: String!, $password: String!) {{ {calls} }}"
    async with httpx.AsyncClient(base_url=api.url, timeout=60) as client:
        refused = await client.post("/graphql", json={"query": many, "variables": given})
        tried = [
            await client.post("/graphql", json={"query": LOG_IN, "variables": given})
            for _ in range(4)
        ]

    assert refused.json()["errors"][0]["extensions"] == {
        "code": "TOO_MANY_TRIES",
        "limit": 1,
        "found": 20,
    }
    assert [answer.status_code for answer in tried] == [200, 200, 200, 429]
    message = tried[-1].json()["errors"][0]["message"]
    assert re.fullmatch(r"the limit of logIn is used up; try again in \d+ s", message)


async def test_a_socket_is_held_to_the_same_points(serving, ann):
    api = serving(**FEW)

    async with api.socket(ann) as socket:
        for _ in range(10):
            await socket.subscribe("{ __typename }")
            await socket.next()
            assert (await socket.receive())["type"] == "complete"
        id = await socket.subscribe("{ __typename }")
        refused = await socket.receive()
        # The socket stays: what was refused is one operation.
        await socket.send(type="ping")
        assert await socket.receive() == {"type": "pong"}

    assert (refused["id"], refused["type"]) == (id, "error")
    assert refused["payload"][0]["extensions"]["code"] == "RATE_LIMITED"
    async with httpx.AsyncClient() as client:
        headers = {"Authorization": f"Bearer {ann.token}"}
        answer = await client.post(f"{api.url}/graphql", json=TYPENAME, headers=headers)
    assert answer.status_code == 429


async def test_a_stream_of_events_is_charged_as_well(serving, ann):
    api = serving(**FEW)
    async with httpx.AsyncClient() as client:
        for _ in range(10):
            async with events(api.url, "{ __typename }", ann) as streamed:
                assert [name async for name, _ in streamed] == ["next", "complete"]
        headers = {"Accept": "text/event-stream", "Authorization": f"Bearer {ann.token}"}
        answer = await client.post(f"{api.url}/graphql", json=TYPENAME, headers=headers)

    assert answer.status_code == 429


@pytest.mark.parametrize(
    ("trusted", "is_believed"), [("127.0.0.1", True), ("", False), ("10.0.0.0/8", False)]
)
async def test_only_a_trusted_proxy_says_who_asks(serving, trusted, is_believed):
    api = serving(**FEW, trusted_proxies=trusted)
    async with httpx.AsyncClient() as client:
        statuses = [
            (
                await client.post(
                    f"{api.url}/graphql",
                    json=TYPENAME,
                    headers={"X-Forwarded-For": f"203.0.113.{number}"},
                )
            ).status_code
            for number in range(12)
        ]

    assert statuses == ([200] * 12 if is_believed else [200] * 10 + [429] * 2)


async def test_what_is_off_says_nothing(serving):
    api = serving(rate_store="off")
    async with httpx.AsyncClient() as client:
        answer = await client.post(
            f"{api.url}/graphql", json={"query": "{ rateLimit { remaining } }"}
        )

    assert answer.json() == {"data": {"rateLimit": None}}
    assert "ratelimit" not in answer.headers


async def test_several_processes_share_the_points(serving, ann):
    few = FEW | {"rate_store": "postgres"}
    apis = [serving(**few), serving(**few)]
    headers = {"Authorization": f"Bearer {ann.token}"}

    async def flood(api):
        async with httpx.AsyncClient(timeout=60) as client:
            answers = [
                await client.post(f"{api.url}/graphql", json=TYPENAME, headers=headers)
                for _ in range(8)
            ]
        return [answer.status_code for answer in answers]

    # Four clients, three times as much as there is.
    floods = await asyncio.gather(*(flood(apis[number % 2]) for number in range(4)))

    counted = [status for statuses in floods for status in statuses]
    assert sorted(set(counted)) == [200, 429]
    assert counted.count(200) == 10


async def test_logging_in_elsewhere_brings_no_new_points(serving, settings, database, ann):
    api = serving(**FEW)
    signing = api.parts.tokens
    again, _ = signing.access(signing.session(ann.token))
    async with httpx.AsyncClient(base_url=api.url) as client:
        for number in range(11):
            token = ann.token if number % 2 else again
            headers = {"Authorization": f"Bearer {token}"}
            answer = await client.post("/graphql", json=TYPENAME, headers=headers)

    assert answer.status_code == 429
