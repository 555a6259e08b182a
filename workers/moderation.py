"""Asks the moderation service about held photos, as often as it takes and no oftener."""

import random
from dataclasses import dataclass
from datetime import timedelta
from typing import Final, Protocol

import structlog

from storage import moderation
from storage.cases import Decider, Judge, Verdict
from storage.database import Database
from storage.moderation import Question
from storage.reached import Unavailable
from storage.rows import PhotoId
from workers.outcomes import Outcome

log = structlog.get_logger("moderation")

# Between the first question and the last pass nearly eight hours; each delay is spread by a fifth.
DELAYS_S: Final = (5, 30, 120, 600, 1_800, 7_200, 18_000)
SPREAD: Final = 0.2
# However long a service asks to be left alone.
LONGEST: Final = timedelta(days=1)


class NotAsked(Exception):
    """The service gave no answer that can be used; the text says why, without its contents."""

    def __init__(
        self, message: str, *, again_in: timedelta | None = None, is_final: bool = False
    ) -> None:
        super().__init__(message)
        self.again_in = again_in
        self.is_final = is_final


@dataclass(frozen=True, slots=True)
class Answer:
    """What the service decided, and why."""

    verdict: Verdict
    reason: str = ""


class Service(Protocol):
    """Decides which photos may be live."""

    async def ask(self, question: Question) -> Answer | None:
        """The verdict; None when it will come later, by a callback. Raises NotAsked."""
        ...


async def ask(database: Database, service: Service | None, id: PhotoId) -> Outcome:
    """Ask about a photo if it is held still, and let the answer count.

    At least once: a worker that dies while it asks leaves it to another to ask again.
    """
    if service is None:
        return Outcome.NOTHING
    try:
        async with database.begin() as tx:
            question = await moderation.begin_asking(tx, id)
        if question is None:
            return Outcome.NOTHING
        try:
            answer = await service.ask(question)
        except NotAsked as error:
            return await _in_vain(database, question, error)
        if answer is not None:
            async with database.begin() as tx:
                decider = Decider(Judge.SERVICE)
                await moderation.decide(tx, id, answer.verdict, decider, answer.reason)
    except Unavailable as error:
        log.warning("dependency failed", error=str(error))
        return Outcome.AGAIN
    return Outcome.DONE


async def _in_vain(database: Database, question: Question, error: NotAsked) -> Outcome:
    again_in = delay(question.asked, error)
    photo = str(question.photo_id)
    log.warning("moderation was not asked", photo=photo, error=str(error), again_in=str(again_in))
    async with database.begin() as tx:
        await moderation.asked_in_vain(tx, question.photo_id, str(error), again_in)
    return Outcome.DONE if again_in is not None else Outcome.NEVER


def delay(asked: int, error: NotAsked) -> timedelta | None:
    """When to ask again, after so many questions in vain; None is never."""
    if error.is_final or asked > len(DELAYS_S):
        return None
    spread = random.uniform(1 - SPREAD, 1 + SPREAD)  # noqa: S311 - No secret.
    scheduled = timedelta(seconds=DELAYS_S[asked - 1] * spread)
    return max(scheduled, min(error.again_in or scheduled, LONGEST))
