"""G13: fifty operations at once that PostgreSQL keeps waiting: each is cut in time, and its SQL."""

import asyncio
from time import perf_counter

import pytest
from sqlalchemy import text

from storage.tables import likes, photos, variants
from tests.limits.test_deadline import LIKE, PHOTOS, VARIANTS
from tests.load.apis import serving
from tests.load.shooting import Shooter, request, tell
from tests.making import make_photo
from tests.storing import scalar

AT_ONCE = 50
DEADLINE_S = 2.0
MOST_LATE_S = 0.3
GONE_S = 1.0
# What waits for a lock is active too.
ACTIVE = text(
    "select count(*) from pg_stat_activity where state <> 'idle' "
    "and application_name = 'picshare-api' and backend_type = 'client backend'"
)
# The table that is locked, and what is asked.
CASES = {
    "a resolver": (photos, PHOTOS),
    "a loader": (variants, VARIANTS),
    "a mutation": (likes, LIKE),
}
CUT, BUSY = 504, 503


@pytest.fixture
def api(settings, database, objects, tmp_path):
    changed = {"deadline_s": DEADLINE_S, "write_deadline_s": DEADLINE_S}
    with serving(settings.model_copy(update=changed), tmp_path / "log") as api:
        yield api


async def answered(shooter, data):
    began = perf_counter()
    status, body = await shooter.ask(data)
    return perf_counter() - began, status, body


async def until_none(database):
    """How long it takes until the API has nothing going on in the database."""
    began = perf_counter()
    async with asyncio.timeout(30):
        while await scalar(database, ACTIVE):  # noqa: ASYNC110 - The database tells nobody.
            await asyncio.sleep(0.02)
    return perf_counter() - began


@pytest.mark.torture
@pytest.mark.parametrize("name", CASES)
async def test_fifty_are_cut_in_time(api, database, ann, bob, name):
    table, query = CASES[name]
    photo = await make_photo(database, ann)
    data = request(query, bob.token, id=photo.id)
    shooter = Shooter(api.url)
    # Whoever asks for the first time is let in, and the document read.
    assert (await shooter.ask(request(PHOTOS, bob.token)))[0] == 200

    async with database.begin() as tx:
        await tx.execute(text(f"lock table {table.name} in access exclusive mode"))
        answers = await asyncio.gather(*(answered(shooter, data) for _ in range(AT_ONCE)))
        gone = await until_none(database)
    shooter.close()

    longest = max(seconds for seconds, _, _ in answers)
    tell(f"G13, {name}: {longest - DEADLINE_S:+.2f} s; no SQL after {gone:.2f} s more")
    # Whoever found no connection within a second was told so before.
    assert CUT in {found for _, found, _ in answers} <= {CUT, BUSY}
    assert longest <= DEADLINE_S + MOST_LATE_S
    assert gone <= GONE_S
    unchanged = "select count(*) from likes where photo_id = :id"
    assert await scalar(database, text(unchanged).bindparams(id=photo.key)) == 0
    assert api.complaints() == []
