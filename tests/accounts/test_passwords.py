"""Passwords: what they may be, how they are hashed, and that the loop never waits for it."""

import asyncio
import os
import sys
import threading

import pytest
from argon2 import Parameters, PasswordHasher, Type, extract_parameters

from resolvers.context import TooBusy
from server.auth.passwords import NICENESS, Passwords

CHEAP = Parameters(Type.ID, 19, 16, 32, time_cost=1, memory_cost=8, parallelism=1)


@pytest.fixture
def passwords():
    made = Passwords(threads=2)
    yield made
    made.close()


async def test_the_hash_is_argon2id_with_owasps_minimum(passwords):
    kept = extract_parameters(await passwords.hashed("correct horse"))

    assert (kept.type, kept.version) == (Type.ID, 19)
    assert (kept.memory_cost, kept.time_cost, kept.parallelism) == (19_456, 2, 1)
    assert (kept.salt_len, kept.hash_len) == (16, 32)


@pytest.mark.skipif(sys.platform != "linux", reason="threads have priorities of their own on Linux")
async def test_whoever_asks_for_something_else_goes_first(monkeypatch, passwords):
    found = []

    def noted(*_):
        found.append(os.getpriority(os.PRIO_PROCESS, threading.get_native_id()))

    monkeypatch.setattr(PasswordHasher, "hash", noted)
    ours = os.getpriority(os.PRIO_PROCESS, threading.get_native_id())
    await passwords.hashed("correct horse")

    assert found == [min(ours + NICENESS, 19)]


async def test_the_same_password_has_another_hash_each_time(passwords):
    assert await passwords.hashed("correct horse") != await passwords.hashed("correct horse")


async def test_only_the_password_fits(passwords):
    kept = await passwords.hashed("correct horse")

    assert await passwords.match("correct horse", kept)
    assert not await passwords.match("correct horsf", kept)
    assert not await passwords.match("", kept)


async def test_a_difference_in_the_last_of_many_bytes_is_a_difference(passwords):
    kept = await passwords.hashed("x" * 99 + "a")

    assert not await passwords.match("x" * 99 + "b", kept)
    assert not await passwords.match("x" * 99, kept)
    assert await passwords.match("x" * 99 + "a", kept)


async def test_a_user_who_does_not_exist_costs_the_same_work(monkeypatch, passwords):
    checked = []
    verify = PasswordHasher.verify

    def counted(hasher, password_hash, password):
        checked.append(extract_parameters(password_hash))
        return verify(hasher, password_hash, password)

    kept = await passwords.hashed("correct horse")
    monkeypatch.setattr(PasswordHasher, "verify", counted)

    assert not await passwords.match("wrong horse", kept)
    assert not await passwords.match("wrong horse", None)
    assert len(checked) == 2
    assert checked[0] == checked[1]


async def test_no_password_is_that_of_a_user_who_does_not_exist(monkeypatch, passwords):
    monkeypatch.setattr(PasswordHasher, "verify", lambda *_: True)

    assert not await passwords.match("correct horse", None)


async def test_a_hash_with_other_parameters_is_outdated(passwords):
    assert passwords.is_outdated(PasswordHasher.from_parameters(CHEAP).hash("correct horse"))
    assert not passwords.is_outdated(await passwords.hashed("correct horse"))


class Gate:
    """Stands for the hasher: notes the thread, and waits until it is opened."""

    def __init__(self):
        self.opened = threading.Event()
        self.threads = []

    def hash(self, password):
        self.threads.append(threading.current_thread().name)
        assert self.opened.wait(30)
        return f"hash of {password}"


async def test_hashing_happens_in_a_thread_of_its_own(passwords):
    gate = passwords._hasher = Gate()
    gate.opened.set()

    await passwords.hashed("correct horse")

    assert [name.rpartition("_")[0] for name in gate.threads] == ["passwords"]


async def test_more_than_fits_is_refused_at_once_and_heals():
    passwords = Passwords(threads=1, waiting=1, parameters=CHEAP)
    gate = passwords._hasher = Gate()
    try:
        async with asyncio.timeout(30), asyncio.TaskGroup() as group:
            taken = [group.create_task(passwords.hashed(name)) for name in ("first", "second")]
            await asyncio.sleep(0)
            with pytest.raises(TooBusy):
                await passwords.hashed("third")
            gate.opened.set()
        assert [task.result() for task in taken] == ["hash of first", "hash of second"]
        assert await passwords.hashed("fourth") == "hash of fourth"
    finally:
        gate.opened.set()
        passwords.close()


async def test_who_gives_up_while_waiting_frees_the_place():
    passwords = Passwords(threads=1, waiting=1, parameters=CHEAP)
    gate = passwords._hasher = Gate()
    try:
        async with asyncio.timeout(30), asyncio.TaskGroup() as group:
            first = group.create_task(passwords.hashed("first"))
            second = group.create_task(passwords.hashed("second"))
            await asyncio.sleep(0)
            second.cancel()
            await asyncio.wait([second])
            third = group.create_task(passwords.hashed("third"))
            await asyncio.sleep(0)
            gate.opened.set()
        assert (first.result(), third.result()) == ("hash of first", "hash of third")
    finally:
        gate.opened.set()
        passwords.close()
