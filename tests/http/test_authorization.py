"""Whose token is refused hears of it, and can still get another one."""

from datetime import UTC, datetime, timedelta

import pytest

from server.auth.tokens import Tokens
from storage import sessions
from tests.accounts.operations import LOG_IN, PASSWORD, REFRESH, SIGN_UP, account
from tests.making import LONG


@pytest.fixture
async def bad(settings, database, ann):
    """Headers that once were, or never were, of use."""
    secret = settings.secret_key.get_secret_value()
    hour = timedelta(hours=1)
    signing = Tokens(secret, access_ttl=hour)
    early = Tokens(secret, access_ttl=hour, clock=lambda: datetime.now(UTC) - hour)
    async with database.begin() as tx:
        live = await sessions.begin(tx, ann.key, signing.first_refresh(), LONG)
        ended = await sessions.begin(tx, ann.key, signing.first_refresh(), LONG)
        await sessions.end(tx, ended.id)
    return {
        "expired": f"Bearer {early.access(live)[0]}",
        "forged": f"Bearer {Tokens('f' * 32, access_ttl=hour).access(live)[0]}",
        "ended": f"Bearer {signing.access(ended)[0]}",
        "garbage": "Bearer x.y.z",
        "empty": "",
        "basic": "Basic YW5uOnBhc3M=",
        "huge": f"Bearer {'x' * 60_000}",
    }


KINDS = ["expired", "forged", "ended", "garbage", "empty", "basic", "huge"]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("query", ["{ viewer { id } }", "{ photos { edges { cursor } } }"])
async def test_even_a_field_for_guests_refuses_a_bad_token(post, bad, kind, query):
    answer = await post(query, headers={"Authorization": bad[kind]})

    assert answer.status_code == 200
    assert [error["extensions"] for error in answer.json()["errors"]] == [
        {"code": "UNAUTHENTICATED"}
    ]
    assert not (answer.json()["data"] or {}).get("viewer")


@pytest.mark.parametrize("kind", KINDS)
async def test_logging_in_and_refreshing_work_beside_a_bad_token(post, bad, kind):
    headers = {"Authorization": bad[kind]}
    made = account()

    signed_up = (await post(SIGN_UP, headers=headers, input=made)).json()["data"]["signUp"]
    token = signed_up["session"]["refreshToken"]
    refreshed = (await post(REFRESH, headers=headers, token=token)).json()["data"]["refreshSession"]
    by_name = {"login": made["username"], "password": PASSWORD}
    logged_in = (await post(LOG_IN, headers=headers, **by_name)).json()["data"]["logIn"]

    assert [answer["errors"] for answer in (signed_up, refreshed, logged_in)] == [[], [], []]
    assert refreshed["session"]["user"]["username"] == made["username"]
    assert logged_in["session"]["user"]["username"] == made["username"]


async def test_a_header_of_another_alphabet_is_refused(client):
    answer = await client.post(
        "/graphql",
        json={"query": "{ viewer { id } }"},
        headers={"Authorization": "Bearer \u00e9\u00e9".encode("latin-1")},
    )

    assert answer.status_code == 200
    assert answer.json()["errors"][0]["extensions"] == {"code": "UNAUTHENTICATED"}
