"""Telling other processes that something changed: a wake-up, never the change itself.

Who is woken reads what is true now, so a wake-up that is lost or comes twice does no harm.
"""

from typing import Final

from sqlalchemy import ColumnElement, String, cast, func, literal, select

from storage.database import Writing
from storage.rows import PhotoId, UserId

CHANNEL: Final = "picshare_events"


def photo_topic(id: PhotoId) -> str:
    """What is woken when the status of a photo changes."""
    return f"photo:{id}"


def user_topic(id: UserId) -> str:
    """What is woken when a user is told something."""
    return f"user:{id}"


async def photo_changed(tx: Writing, id: PhotoId) -> None:
    """Wake whoever watches the photo, once the transaction is committed."""
    await tx.execute(select(_wake(literal(photo_topic(id)))))


def wake_user(id: ColumnElement[UserId]) -> ColumnElement[object]:
    """Wake whoever waits for what a user is told: part of the statement that tells them."""
    return _wake(literal("user:").concat(cast(id, String)))


def _wake(topic: ColumnElement[str]) -> ColumnElement[object]:
    return func.pg_notify(CHANNEL, topic)
