"""Logging in."""

import unicodedata

import pytest
from argon2 import Parameters, PasswordHasher, Type
from sqlalchemy import select, update

from storage.tables import credentials
from tests.accounts.operations import PASSWORD, WRONG


async def hash_of(database, username):
    async with database.connect() as connection:
        found = select(credentials.c.password_hash).where(
            credentials.c.email == f"{username}@example.org"
        )
        return (await connection.execute(found)).scalar_one()


async def test_one_logs_in_by_name_or_address_in_any_case(log_in, member):
    name = member["user"]["username"]

    for login in (name, name.upper(), f"{name}@example.org", f" {name}@EXAMPLE.org "):
        answer = await log_in(login)
        assert answer["errors"] == []
        assert answer["session"]["user"]["username"] == name


async def test_a_wrong_password_and_an_unknown_user_have_one_answer(counts, log_in, member):
    name = member["user"]["username"]
    before = await counts()

    assert await log_in(name, "wrong horse battery") == WRONG
    assert await log_in(f"{name}@example.org", "wrong horse battery") == WRONG
    assert await log_in(f"{name}x") == WRONG
    assert await log_in("nobody@example.org") == WRONG
    # What is counted of wrong passwords, and nothing else.
    assert await counts() | {"attempts": 0} == before | {"attempts": 0}


async def test_a_wrong_password_and_an_unknown_user_cost_the_same_work(monkeypatch, log_in, member):
    checked = []
    verify = PasswordHasher.verify

    def counted(hasher, password_hash, password):
        checked.append(password_hash.rpartition("$")[0].rpartition("$")[0])
        return verify(hasher, password_hash, password)

    monkeypatch.setattr(PasswordHasher, "verify", counted)
    monkeypatch.setattr(PasswordHasher, "hash", lambda *_: pytest.fail("nothing is to be hashed"))

    await log_in(member["user"]["username"], "wrong horse battery")
    await log_in("nobody")
    await log_in("nobody@example.org")

    assert checked == ["$argon2id$v=19$m=19456,t=2,p=1"] * 3


@pytest.mark.parametrize("login", ["", "\0", "\ud800", "a\nb", "%", "' or 1=1 --", "x" * 1_000_000])
async def test_a_login_that_nobody_can_have_is_wrong(log_in, login):
    assert await log_in(login) == WRONG


@pytest.mark.parametrize("more", ["\N{FULLWIDTH LATIN SMALL LETTER A}", "\u0301", "."])
async def test_a_login_that_looks_alike_is_another(log_in, member, more):
    assert await log_in(f"{member['user']['username']}{more}") == WRONG


@pytest.mark.parametrize(
    ("password", "code"),
    [
        ("x" * 1025, "TOO_LONG"),
        ("x" * 1_000_000, "TOO_LONG"),
        ("\u0301" * 1_000_000, "TOO_LONG"),
        ("correct\0horse", "INVALID"),
        ("\ud800", "INVALID"),
    ],
)
async def test_a_password_that_nobody_can_have_is_refused_before_any_work(
    log_in, member, nothing_hashed, password, code
):
    for login in (member["user"]["username"], "nobody"):
        answer = await log_in(login, password)
        assert answer["session"] is None
        assert [(error["code"], error["path"]) for error in answer["errors"]] == [
            (code, ["input", "password"])
        ]


@pytest.mark.parametrize(
    ("kept", "typed"),
    [
        (
            unicodedata.normalize("NFC", "crème brûlée"),
            unicodedata.normalize("NFD", "crème brûlée"),
        ),
        (
            unicodedata.normalize("NFD", "crème brûlée"),
            unicodedata.normalize("NFC", "crème brûlée"),
        ),
        ("correct horse", "correct\u00a0horse"),
        ("비밀번호비밀번호", unicodedata.normalize("NFD", "비밀번호비밀번호")),
    ],
)
async def test_a_password_is_the_same_however_a_keyboard_composes_it(sign_up, log_in, kept, typed):
    session = (await sign_up(password=kept))["session"]

    assert (await log_in(session["user"]["username"], typed))["errors"] == []


@pytest.mark.parametrize(
    ("kept", "typed"),
    [
        ("x" * 99 + "a", "x" * 99 + "b"),
        ("x" * 1023 + "a", "x" * 1023 + "b"),
        ("x" * 99 + "a", "x" * 99),
        ("Correct horse", "correct horse"),
        ("correct horse", "correct horse "),
        ("correct\ufb01sh", "correctfish"),
    ],
)
async def test_every_byte_of_a_password_counts(sign_up, log_in, kept, typed):
    session = (await sign_up(password=kept))["session"]

    assert await log_in(session["user"]["username"], typed) == WRONG


async def test_logging_in_renews_an_outdated_hash(database, log_in, member):
    name = member["user"]["username"]
    cheap = Parameters(Type.ID, 19, 16, 32, time_cost=1, memory_cost=8, parallelism=1)
    outdated = PasswordHasher.from_parameters(cheap).hash(PASSWORD)
    async with database.begin() as tx:
        own = update(credentials).where(credentials.c.email == f"{name}@example.org")
        await tx.execute(own.values(password_hash=outdated))

    assert await log_in(name, "wrong horse battery") == WRONG
    assert await hash_of(database, name) == outdated
    assert (await log_in(name))["errors"] == []
    renewed = await hash_of(database, name)
    assert renewed.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert (await log_in(name))["errors"] == []
    assert await hash_of(database, name) == renewed
