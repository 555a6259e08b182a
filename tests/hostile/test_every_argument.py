"""Odd values in every place of the schema that takes one: refused, or kept, and never a failure."""

import json
import secrets

import pytest

from resolvers.graph import core
from storage import roles, users
from tests.accounts.operations import SIGN_UP, account
from tests.hostile.places import places
from tests.making import make_comment, make_photo

TEXTS = {
    "NUL": "a\0b",
    "lone surrogate": "a\ud800b",
    "right to left": "\u202eab\u2066\u05d0",
    "pattern": "%_\\%",
    "quotes": "'\"`$${};--",
    "line ends": "a\r\nb\u2028c",
    "markup": "<script>alert(1)</script>",
    "controls": "\x01\x1b[31m\x7f\x85",
    "astral": "\U0001f600" * 300,
    "long": "a" * 30_000,
    "empty": "",
}
NUMBERS = {
    "2^31": 2**31,
    "2^63": 2**63,
    "2^64": 2**64,
    "-2^31-1": -(2**31) - 1,
    "-1": -1,
    "1e308": 1e308,
    "1e400": "1e400",
    "NaN": "NaN",
    "digits": "9" * 5_000,
}
SHAPES = {"list": [[[]]], "object": {"a": {"b": None}}, "true": True}
# What JSON itself cannot say; the server must say so.
BROKEN = {"NUL", "lone surrogate", "NaN", "1e400", "digits"}


def body(document, variables):
    """As a client would write it that does not care for the rules of JSON."""
    text = json.dumps({"query": document, "variables": variables})
    for name in ("1e400", "NaN", "digits"):
        text = text.replace(json.dumps(NUMBERS[name]), NUMBERS[name])
    return text.encode()


def values(kind):
    chosen = {
        "Int": NUMBERS | SHAPES,
        "Float": NUMBERS | SHAPES,
        "Boolean": SHAPES | {"text": "true"},
    }
    return chosen.get(kind, TEXTS | SHAPES | {"2^63": 2**63})


def chosen(number, kind, share):
    """One in *share* of the values, others for each place."""
    return [each for at, each in enumerate(values(kind).items()) if (at + number) % share == 0]


@pytest.fixture
async def moderator(client, database):
    """Somebody with a password, who may do everything; the header that says so."""
    given = account()
    asked = {"query": SIGN_UP, "variables": {"input": given}}
    answer = (await client.post("/graphql", json=asked)).json()["data"]["signUp"]
    async with database.begin() as tx:
        row = await users.credentials_of(tx, given["email"])
        await roles.add(tx, row.user_id)
    return {"Authorization": f"Bearer {answer['session']['accessToken']}"}


@pytest.fixture
async def fillers(database, ann, bob):
    photo = await make_photo(database, owner=bob)
    comment = await make_comment(database, by=ann, of=photo)
    return account() | {
        "user": bob.id,
        "photo": photo.id,
        "photoId": photo.id,
        "commentId": comment.id,
        "username": f"u{secrets.token_hex(6)}",
        "login": "nobody_of_that_name",
        "password": "wrong horse battery",
        "checksumSha256": "A" * 43 + "=",
        "contentType": "image/jpeg",
    }


@pytest.mark.parametrize("share", [5, pytest.param(1, marks=pytest.mark.torture)])
async def test_no_value_anywhere_is_a_failure(client, moderator, fillers, logged, share):
    headers = moderator | {"Content-Type": "application/json"}
    asked, failed = 0, []
    for number, place in enumerate(places(core, fillers)):
        for name, value in chosen(number, place.kind, share):
            sent = body(place.document, place.variables(value))
            answer = await client.post("/graphql", content=sent, headers=headers)
            asked += 1
            told = [error["extensions"]["code"] for error in answer.json().get("errors", [])]
            if answer.status_code not in {200, 400} or "INTERNAL_SERVER_ERROR" in told:
                failed.append((place.name, name, answer.status_code, told))
            if name in BROKEN and told != ["BAD_USER_INPUT"]:
                failed.append((place.name, name, "was not refused"))

    print(f"{number + 1} places, {asked} requests")  # noqa: T201 - The figure.
    assert failed == []
    # One line for each, whatever was sent, and each line is JSON.
    lines = [line for line in logged.lines if line["event"] == "request"]
    assert len(lines) == asked
    # On a busy machine the loop may be told to have stood still, which is a warning.
    assert {line["level"] for line in logged.lines} <= {"info", "warning"}


async def test_texts_come_back_as_they_were(ask, ann):
    """What the rules of a text admit is kept to the last character."""
    query = """mutation($bio: String) { updateProfile(input: {bio: $bio}) {
      user { bio } errors { code } } }"""
    for name in ("right to left", "pattern", "quotes", "markup"):
        answer = await ask(query, viewer=ann, bio=TEXTS[name])
        assert answer["updateProfile"] == {"user": {"bio": TEXTS[name]}, "errors": []}, name
