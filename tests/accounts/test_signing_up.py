"""Signing up."""

import asyncio
import secrets
import unicodedata

import pytest

from resolvers.context import TooBusy
from server.auth.passwords import Passwords
from tests.accounts.operations import SIGN_UP, VIEWER, account, bearer


async def test_signing_up_opens_a_session(send, sign_up, counts):
    before = await counts()
    answer = await sign_up(username="Robin.Doe_1", email=" robin@example.org ", displayName=" Röb ")

    session = answer["session"]
    assert answer["errors"] == []
    assert session["user"] == {"username": "Robin.Doe_1", "displayName": "Röb"}
    assert session["refreshToken"].startswith("psr_")
    assert await send(VIEWER, bearer(session)) == ({"viewer": {"username": "Robin.Doe_1"}}, [])
    after = await counts()
    grown = {name: after[name] - before[name] for name in after if after[name] != before[name]}
    assert grown == {"users": 1, "credentials": 1, "sessions": 1, "refresh_tokens": 1, "mails": 1}


@pytest.mark.parametrize("given", [{}, {"displayName": None}, {"displayName": " "}])
async def test_the_display_name_is_the_username_unless_given(sign_up, given):
    user = (await sign_up(**given))["session"]["user"]

    assert user["displayName"] == user["username"]


REFUSED = [
    ("username", "ab", "INVALID", "username has 2 characters; the least is 3"),
    ("username", "", "INVALID", "username has 0 characters; the least is 3"),
    ("username", "a" * 31, "TOO_LONG", "username has 31 characters; the most is 30"),
    ("username", ".ann", "INVALID", 'username begins with "."; begin with a letter or a digit'),
    ("username", "_ann", "INVALID", 'username begins with "_"; begin with a letter or a digit'),
    *(
        (
            "username",
            f"ann{odd}x",
            "INVALID",
            f'username has {odd!a} in it; it may have A-Z, a-z, 0-9, "_" and "."',
        )
        for odd in ["@", " ", "\0", "é", "-", "/", "\n", "\u202e", "\ud800", "%", "٣"]
    ),
    *(
        (
            "email",
            wrong,
            "INVALID",
            'email must have something on both sides of a single "@"',
        )
        for wrong in ["", "ann", "@example.org", "ann@", "ann@b@example.org"]
    ),
    *(
        ("email", wrong, "INVALID", "email has a space or an invisible character in it")
        for wrong in [
            "a b@example.org",
            "a\0@example.org",
            "a\r\nb@example.org",
            "\ud800@b",
            "a\u200b@b",
        ]
    ),
    ("email", "a" * 250 + "@b.cd", "TOO_LONG", "email is too long; the most is 254 bytes"),
    ("email", "é" * 126 + "@b.cd", "TOO_LONG", "email is too long; the most is 254 bytes"),
    ("email", "a" * 1_000_000, "TOO_LONG", "email is too long; the most is 254 bytes"),
    ("password", "", "INVALID", "password has 0 characters; the least is 8"),
    ("password", "1234567", "INVALID", "password has 7 characters; the least is 8"),
    *(
        (
            "password",
            f"correct{odd}horse",
            "INVALID",
            "password has a control character in it; use any others",
        )
        for odd in ["\0", "\n", "\x7f", "\ud800"]
    ),
    ("password", "x" * 1025, "TOO_LONG", "password is too long; the most is 1,024 bytes"),
    ("password", "é" * 513, "TOO_LONG", "password is too long; the most is 1,024 bytes"),
    ("password", "x" * 1_000_000, "TOO_LONG", "password is too long; the most is 1,024 bytes"),
    ("displayName", "x" * 51, "TOO_LONG", "displayName has 51 characters; the most is 50"),
]


@pytest.mark.parametrize(
    "refused", REFUSED, ids=[f"{field}-{value[:20]!a}" for field, value, *_ in REFUSED]
)
async def test_an_unusable_field_is_refused(nothing_hashed, counts, sign_up, refused):
    field, value, code, message = refused
    before = await counts()

    answer = await sign_up(**{field: value})

    error = {"code": code, "message": message, "path": ["input", field]}
    assert answer == {"session": None, "errors": [{"__typename": "InputError", **error}]}
    assert await counts() == before


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("username", "abc"),
        ("username", "9" * 30),
        ("email", f"{'a' * 248}@b.cde"),
        ("email", "ünï+tag@bücher.example"),
        ("password", "12345678"),
        ("password", "x" * 1024),
        ("password", "é" * 512),
        ("password", "ΐ" * 512),
        ("password", unicodedata.normalize("NFD", "ΐ" * 512)),
        ("displayName", "é" * 50),
    ],
)
async def test_the_limits_themselves_are_allowed(sign_up, field, value):
    given = {"email": f"{secrets.token_hex(8)}@example.org", field: value}

    assert (await sign_up(**given))["errors"] == []


async def test_everything_wrong_is_said_at_once(sign_up):
    answer = await sign_up(username="a", email="b", password="c", displayName="d" * 51)

    assert [(error["code"], error["path"][-1]) for error in answer["errors"]] == [
        ("INVALID", "username"),
        ("INVALID", "email"),
        ("INVALID", "password"),
        ("TOO_LONG", "displayName"),
    ]


async def test_a_name_or_an_address_belongs_to_one_account_in_any_case(counts, sign_up, member):
    name = member["user"]["username"]
    before = await counts()

    same_name = await sign_up(username=name.upper())
    same_address = await sign_up(email=f"{name.upper()}@Example.org")

    assert [(answer["session"], answer["errors"]) for answer in (same_name, same_address)] == [
        (
            None,
            [
                {
                    "__typename": "InputError",
                    "code": "TAKEN",
                    "message": message,
                    "path": ["input", field],
                }
            ],
        )
        for field, message in [
            ("username", "that username is taken"),
            ("email", "that e-mail address has an account"),
        ]
    ]
    assert await counts() == before


async def test_of_many_who_want_one_name_at_once_one_gets_it(sign_up):
    name = f"u{secrets.token_hex(8)}"

    answers = await asyncio.gather(*(sign_up(username=name) for _ in range(8)))

    codes = [[error["code"] for error in answer["errors"]] for answer in answers]
    assert sorted(codes) == [[]] + [["TAKEN"]] * 7


async def test_too_many_at_once_are_told_so_and_nothing_is_written(monkeypatch, counts, send):
    async def busy(*_):
        raise TooBusy("too many people are logging in at this moment")

    monkeypatch.setattr(Passwords, "hashed", busy)
    before = await counts()

    data, errors = await send(SIGN_UP, input=account())

    assert (data, errors) == (None, ["too many people are logging in at this moment"])
    assert await counts() == before
