"""What attempts at making something of a picture have in common: how they read, stop and fail."""

import asyncio
import hashlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar

import structlog

from storage.database import Database, Writing
from storage.objects import ObjectMissing, Objects, StoreUnavailable
from storage.reached import Unavailable
from storage.rows import PhotoFailureCode
from workers.images import Crashed, Rejected
from workers.outcomes import Outcome

log = structlog.get_logger("attempts")

Made = TypeVar("Made")

MAX_CRASHES = 3

MISMATCH = "The bytes that arrived are not those that were promised; upload the file again."
LOST = "The uploaded file could not be found; upload it again."
GAVE_UP = "The picture could not be processed, although it was tried several times."


class Failed(Exception):
    """It will never work, and the message tells the owner why."""

    def __init__(self, code: PhotoFailureCode, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


@dataclass(frozen=True, slots=True)
class Reports:
    """How an attempt reports back; each returns in a transaction of its own."""

    database: Database
    fail: Callable[[Writing, PhotoFailureCode, str], Awaitable[object]]
    give_back: Callable[[Writing], Awaitable[object]]


async def reported(work: Awaitable[Outcome], reports: Reports) -> Outcome:
    """How *work* ended, once that is reported.

    A fault outside the picture (database, store) is no one's failure: AGAIN.
    """
    try:
        return await work
    except Failed as failure:
        return await _failed(reports, failure)
    except (StoreUnavailable, Unavailable) as error:
        log.warning("dependency failed", error=str(error))
        await _give_back(reports)
        return Outcome.AGAIN
    except asyncio.CancelledError:
        # Broken off from outside, as when the worker leaves; that says nothing of the picture.
        await asyncio.shield(_give_back(reports))
        raise


async def given_up(reports: Reports) -> Outcome:
    """Tell the owner that nothing more will come of it, unless they have it tried again."""
    return await _failed(reports, Failed(PhotoFailureCode.PROCESSING_ERROR, GAVE_UP))


def require_hope(crashes: int) -> None:
    """Raises Failed for a picture whose attempts ended without a report several times in a row."""
    if crashes > MAX_CRASHES:
        raise Failed(PhotoFailureCode.PROCESSING_ERROR, GAVE_UP)


async def read(objects: Objects, key: str, byte_size: int, checksum_sha256: bytes) -> bytes:
    """The bytes that were promised. Raises Failed when there are none or others."""
    try:
        data = await objects.read(key, byte_size)
    except ObjectMissing:
        raise Failed(PhotoFailureCode.PROCESSING_ERROR, LOST) from None
    except ValueError:
        raise Failed(PhotoFailureCode.CHECKSUM_MISMATCH, MISMATCH) from None
    if hashlib.sha256(data).digest() != checksum_sha256:
        raise Failed(PhotoFailureCode.CHECKSUM_MISMATCH, MISMATCH)
    return data


async def made(rendering: Awaitable[Made], crashes: int) -> Made | None:
    """What was made of the bytes; None when the child died and they get another chance.

    Raises Failed when they do not.
    """
    try:
        return await rendering
    except Rejected as rejected:
        raise Failed(PhotoFailureCode(rejected.code), rejected.message) from None
    except Crashed as crash:
        log.warning("decoder crashed", crashes=crashes, error=str(crash))
        if crashes >= MAX_CRASHES:
            raise Failed(PhotoFailureCode.PROCESSING_ERROR, GAVE_UP) from None
        return None


async def _failed(reports: Reports, failure: Failed) -> Outcome:
    try:
        async with reports.database.begin() as tx:
            await reports.fail(tx, failure.code, failure.message)
    except Unavailable:
        return Outcome.AGAIN
    log.info("picture failed", code=failure.code)
    return Outcome.NEVER


async def _give_back(reports: Reports) -> None:
    try:
        async with reports.database.begin() as tx:
            await reports.give_back(tx)
    except Unavailable:
        # The next attempt begins with one crash too many; three in a row are still needed.
        log.warning("attempt could not be given back")
