"""Sends the mails that were asked for."""

from typing import Protocol

import structlog

from storage import mails
from storage.database import Database
from storage.mails import Letter
from storage.reached import Unavailable
from storage.rows import MailId
from workers.outcomes import Outcome

log = structlog.get_logger("mails")


class NotDelivered(Exception):
    """The mail is not on its way; the text says why, without its contents."""

    def __init__(self, message: str, *, is_final: bool = False) -> None:
        super().__init__(message)
        self.is_final = is_final


class Postbox(Protocol):
    """Takes letters to those who read them."""

    async def deliver(self, letter: Letter) -> None:
        """Return when somebody else has the letter. Raises NotDelivered."""
        ...


async def send(database: Database, postbox: Postbox, id: MailId) -> Outcome:
    """Send a mail, unless it was sent before, nobody is to get it, or it would come too late.

    A worker that dies between sending and noting so sends it again, with a code of its own; both
    codes are good, and using one of them uses up both.
    """
    try:
        async with database.begin() as tx:
            letter = await mails.begin(tx, id)
        if letter is None:
            return Outcome.NOTHING
        await postbox.deliver(letter)
        async with database.begin() as tx:
            await mails.sent(tx, id)
    except NotDelivered as error:
        log.warning("mail was not delivered", mail=str(id), error=str(error))
        return Outcome.NEVER if error.is_final else Outcome.AGAIN
    except Unavailable as error:
        log.warning("dependency failed", error=str(error))
        return Outcome.AGAIN
    return Outcome.DONE
