"""Whoever guesses passwords is stopped, and the owner is not."""

import asyncio
from datetime import timedelta

import pytest
from argon2 import PasswordHasher
from sqlalchemy import text

from resolvers.context import Client
from storage import attempts
from tests.accounts.operations import PASSWORD, REQUEST_RESET, RESET, WRONG, bearer

HOME = Client("192.0.2.1", "phone")


@pytest.fixture
def checked(monkeypatch, parts):
    """The hashes that passwords were compared with, those of nobody left out."""
    found = []
    verify = PasswordHasher.verify

    def counted(hasher, password_hash, password):
        if password_hash != parts.passwords._hash_of_nobody:
            found.append(password)
        return verify(hasher, password_hash, password)

    monkeypatch.setattr(PasswordHasher, "verify", counted)
    return found


async def test_strangers_check_ten_passwords_of_an_account_however_many_they_are(
    checked, log_in, member
):
    name = member["user"]["username"]
    logins = [name, f"{name}@example.org", name.upper()]

    for number in range(100):
        stranger = Client(f"198.51.100.{number % 20}")
        assert await log_in(logins[number % 3], f"guess {number}", client=stranger) == WRONG

    assert len(checked) == 10
    # Even with the right password, of which a stranger learns nothing.
    assert await log_in(name, client=Client("198.51.100.200")) == WRONG
    assert len(checked) == 10


async def test_many_at_once_check_no_more(checked, log_in, member):
    guesses = (
        log_in(member["user"]["username"], f"guess {n}", client=Client(f"198.51.100.{n}"))
        for n in range(40)
    )

    assert await asyncio.gather(*guesses) == [WRONG] * 40
    assert len(checked) == 10


async def test_the_owner_comes_in_meanwhile_from_a_known_address_or_device(log_in, member):
    name = member["user"]["username"]
    at_home = await log_in(name, client=HOME)
    for number in range(20):
        assert await log_in(name, "guess", client=Client(f"203.0.113.{number}")) == WRONG

    away = Client("203.0.113.200")
    assert await log_in(name, client=away) == WRONG
    assert (await log_in(name, client=HOME))["errors"] == []
    token = at_home["session"]["refreshToken"]
    assert (await log_in(name, client=away, device=token))["errors"] == []
    assert await log_in(name, client=Client("203.0.113.201"), device="psr_" + "A" * 43) == WRONG


async def test_the_token_of_another_account_or_of_an_ended_session_knows_no_device(
    database, log_in, sign_up, send, member
):
    name = member["user"]["username"]
    other = (await sign_up())["session"]["refreshToken"]
    ended = (await log_in(name))["session"]
    await send("mutation { logOut { errors { code } } }", bearer(ended))
    for number in range(10):
        await log_in(name, "guess", client=Client(f"203.0.113.{number}"))

    for token in (other, ended["refreshToken"]):
        assert await log_in(name, client=Client("203.0.113.99"), device=token) == WRONG


async def test_the_owner_resets_the_password_meanwhile(send, log_in, member, mailbox):
    name = member["user"]["username"]
    address = f"{name}@example.org"
    for number in range(20):
        await log_in(name, "guess", client=Client(f"203.0.113.{number}"))

    await send(REQUEST_RESET, email=address, client=HOME)
    code = await mailbox.code(address, "Reset your password")
    data, _ = await send(RESET, code=code, password="another horse", client=HOME)

    assert data["resetPassword"]["session"]["user"] == {"username": name}
    # Where it was reset is known from now on; strangers are kept out as before.
    assert (await log_in(name, "another horse", client=HOME))["errors"] == []
    assert await log_in(name, "another horse", client=Client("203.0.113.99")) == WRONG


async def test_one_address_tries_no_more_than_its_share_of_all_accounts(
    database, parts, checked, log_in, sign_up
):
    most = parts.rules.login_checks_per_address
    names = [(await sign_up())["session"]["user"]["username"] for _ in range(2)]
    stranger = Client("198.51.100.77")
    subject = parts.tokens.digest("attempts", "address", stranger.address)
    async with database.begin() as tx:
        for _ in range(most - 1):
            assert await attempts.admit(tx, subject, most, timedelta(minutes=15))

    assert await log_in(names[0], "guess", client=stranger) == WRONG
    assert len(checked) == 1
    assert await log_in(names[1], client=stranger) == WRONG
    assert len(checked) == 1
    assert (await log_in(names[1], client=Client("198.51.100.78")))["errors"] == []


async def test_coming_in_is_no_guess(log_in, member):
    for number in range(12):
        client = Client(f"198.51.100.{number}")
        assert (await log_in(member["user"]["username"], client=client))["errors"] == []


async def test_after_the_window_there_are_ten_more(database, checked, log_in, member):
    name = member["user"]["username"]
    for number in range(12):
        await log_in(name, "guess", client=Client(f"198.51.100.{number}"))
    async with database.begin() as tx:
        earlier = (
            "update attempts set times = array(select t - interval '15 min' from unnest(times) t)"
        )
        await tx.execute(text(earlier))
    for number in range(12):
        await log_in(name, "guess", client=Client(f"203.0.113.{number}"))

    assert len(checked) == 20


async def test_the_window_slides(database):
    window = timedelta(minutes=15)
    async with database.begin() as tx:
        assert [await attempts.admit(tx, b"slides", 3, window) for _ in range(4)] == [
            True,
            True,
            True,
            False,
        ]
        oldest = (
            "update attempts set times[3] = times[3] - interval '15 min' where subject = 'slides'"
        )
        await tx.execute(text(oldest))
        assert [await attempts.admit(tx, b"slides", 3, window) for _ in range(2)] == [True, False]
        await attempts.give_back(tx, b"slides")
        assert await attempts.admit(tx, b"slides", 3, window)


async def test_what_is_old_is_forgotten(database):
    async with database.begin() as tx:
        await tx.execute(text("delete from attempts"))
        await attempts.admit(tx, b"old", 3, timedelta(minutes=15))
        now = (await tx.execute(text("select clock_timestamp()"))).scalar_one()
        await attempts.admit(tx, b"new", 3, timedelta(minutes=15))
        assert await attempts.forget_old(tx, now) == 1
        assert (await tx.execute(text("select subject from attempts"))).scalars().all() == [b"new"]


async def test_a_signed_in_thief_guesses_no_more_than_ten_times(send, checked, member):
    delete = """
    mutation($password: String!) {
      deleteAccount(input: {password: $password}) { errors { code } }
    }
    """
    for number in range(11):
        data, _ = await send(delete, bearer(member), password=f"guess {number}")
        assert data["deleteAccount"] == {"errors": [{"code": "WRONG_CREDENTIALS"}]}

    assert len(checked) == 10
    data, _ = await send(delete, bearer(member), password=PASSWORD)
    assert data["deleteAccount"] == {"errors": [{"code": "WRONG_CREDENTIALS"}]}
