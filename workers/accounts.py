"""Takes apart the accounts that were left."""

from functools import partial

import structlog

from storage import departures, erasure, jobs
from storage.database import Database, repeated
from storage.erasure import Take
from storage.reached import Unavailable
from storage.rows import UserId
from workers.outcomes import Outcome

log = structlog.get_logger("accounts")


async def erase(database: Database, id: UserId) -> Outcome:
    """Remove everything of an account that was left; its row goes last, a minute after it was left.

    Every part is a transaction of its own: run again, it goes on where it was broken off.
    """
    try:
        async with database.connect() as connection:
            if not await departures.has_begun(connection, id):
                return Outcome.NOTHING
        for take in erasure.PARTS:
            while await repeated(partial(_taken, database, take, id)):
                pass
        async with database.begin() as tx:
            if not await departures.finish(tx, id):
                await jobs.erase_account(tx, id, after=departures.QUIET)
    except Unavailable as error:
        log.warning("dependency failed", error=str(error))
        return Outcome.AGAIN
    return Outcome.DONE


async def _taken(database: Database, take: Take, id: UserId) -> bool:
    async with database.begin() as tx:
        return await take(tx, id)
