"""Hashing passwords: slow on purpose, in threads of its own, never more than fits."""

import asyncio
import os
import secrets
import sys
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractAsyncContextManager
from threading import BoundedSemaphore
from typing import Final, TypeVar

from argon2 import Parameters, PasswordHasher, Type
from argon2.exceptions import VerifyMismatchError

from resolvers.context import TooBusy

Answer = TypeVar("Answer")

# OWASP's least for argon2id: 19 MiB, two passes, one lane.
PARAMETERS: Final = Parameters(
    type=Type.ID,
    version=19,
    salt_len=16,
    hash_len=32,
    time_cost=2,
    memory_cost=19_456,
    parallelism=1,
)
# Whoever asks for anything else goes first: a password takes the processor for 30 ms.
NICENESS: Final = 5


class Passwords:
    """Hashes and checks passwords with argon2id, off the event loop.

    At most *threads* run and *waiting* more wait; one beyond that raises TooBusy at once.
    """

    def __init__(
        self, *, threads: int, waiting: int = 64, parameters: Parameters = PARAMETERS
    ) -> None:
        self._hasher = PasswordHasher.from_parameters(parameters)
        self._pool = ThreadPoolExecutor(
            threads, thread_name_prefix="passwords", initializer=_give_way
        )
        self._places = BoundedSemaphore(threads + waiting)
        # One that is being checked, and one on its way to that, for each thread.
        self._turns = asyncio.Semaphore(2 * threads)
        # Checked for users who do not exist, so that they take as long as those who do.
        self._hash_of_nobody = self._hasher.hash(secrets.token_bytes())

    def turn(self) -> AbstractAsyncContextManager[None]:
        """One of few places at a log-in: whoever asks for less is not behind all of them."""
        return self._turns

    async def hashed(self, password: str) -> str:
        """A salted hash that names its own parameters."""
        return await self._run(lambda: self._hasher.hash(password))

    async def match(self, password: str, password_hash: str | None) -> bool:
        """Whether the password fits; as slow for None, the hash of a user who does not exist."""
        candidate = self._hash_of_nobody if password_hash is None else password_hash
        is_right = await self._run(lambda: self._verify(candidate, password))
        return is_right and password_hash is not None

    def is_outdated(self, password_hash: str) -> bool:
        """Whether the same password would be hashed with other parameters today."""
        return self._hasher.check_needs_rehash(password_hash)

    def close(self) -> None:
        """Finish what runs, drop what waits."""
        self._pool.shutdown(cancel_futures=True)

    def _verify(self, password_hash: str, password: str) -> bool:
        try:
            return self._hasher.verify(password_hash, password)
        except VerifyMismatchError:
            return False

    async def _run(self, work: Callable[[], Answer]) -> Answer:
        if not self._places.acquire(blocking=False):
            raise TooBusy("too many people are logging in at this moment")
        future = self._pool.submit(work)
        # The place is given back when the thread is free again, not when the caller gives up.
        future.add_done_callback(self._leave)
        return await asyncio.wrap_future(future)

    def _leave(self, _done: Future[Answer]) -> None:
        self._places.release()


def _give_way() -> None:
    # Elsewhere this would concern the whole process.
    if sys.platform == "linux":
        os.nice(NICENESS)
