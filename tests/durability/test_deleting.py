"""U14: a photo that is deleted at any point of its making leaves no ghost, and exact figures."""

from contextlib import asynccontextmanager

import pytest
import pytest_asyncio
from sqlalchemy import func, select

from storage.tables import photos, users, variants
from tests.storing import Jobs, counts, every_object, make_awaiting, scalar
from workers.images import Limits, Studio
from workers.outcomes import Outcome
from workers.variants import Workshop, make

DELETE = "mutation($id: ID!) { deletePhoto(id: $id) { deletedId errors { code } } }"
# Before and after each of: the attempt, reading, rendering, six variants, the last transaction.
POINTS = range(20)
SELECTED = {0, 3, 10, 18, 19}


class Moments:
    """Does something at one of the moments that pass."""

    def __init__(self, happens, at):
        self.passed = 0
        self._happens = happens
        self._at = at

    async def passes(self):
        self.passed += 1
        if self.passed == self._at + 1:
            await self._happens()


class Watched:
    """A real part; there is a moment before each call of it, and one after."""

    def __init__(self, part, moments):
        self._part = part
        self._moments = moments

    def __getattr__(self, name):
        done = getattr(self._part, name)

        async def call(*arguments, **named):
            await self._moments.passes()
            answer = await done(*arguments, **named)
            await self._moments.passes()
            return answer

        return call


class WatchedDatabase:
    """A real database; there is a moment before each transaction, and one after."""

    def __init__(self, database, moments):
        self._database = database
        self._moments = moments
        self.connect = database.connect

    @asynccontextmanager
    async def begin(self):
        await self._moments.passes()
        async with self._database.begin() as tx:
            yield tx
        await self._moments.passes()


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def studio():
    async with Studio(Limits(), children=1) as opened:
        yield opened


@pytest.mark.parametrize(
    "are_jobs_done", [True, pytest.param(False, marks=pytest.mark.torture)], ids=["at once", "late"]
)
@pytest.mark.parametrize(
    "point", [p if p in SELECTED else pytest.param(p, marks=pytest.mark.torture) for p in POINTS]
)
async def test_nothing_is_left_of_it(database, objects, studio, ask, ann, point, are_jobs_done):
    others = await every_object(objects)
    whole = Workshop(database, objects, studio)
    jobs = await Jobs.from_now_on(database, whole)
    photo = await make_awaiting(database, objects, ann)

    async def delete():
        answer = await ask(DELETE, viewer=ann, id=photo.id)
        assert answer["deletePhoto"] == {"deletedId": photo.id, "errors": []}
        if are_jobs_done:
            await jobs.run()

    moments = Moments(delete, point)
    watched = Workshop(
        WatchedDatabase(database, moments), Watched(objects, moments), Watched(studio, moments)
    )
    outcome = await make(watched, photo.key)
    await jobs.run()

    # The last moment is the one after the photo went live.
    is_too_late = point == POINTS[-1]
    # Without its original it fails, as a picture of nobody.
    assert outcome in ({Outcome.DONE} if is_too_late else {Outcome.NOTHING, Outcome.NEVER})
    assert moments.passed > point
    assert await every_object(objects) == others
    assert await counts(database, ann) == (0, 0, 0)
    kept = select(users.c.own_byte_size).where(users.c.id == ann.key)
    assert await scalar(database, kept) == 0
    for column in (photos.c.id, variants.c.photo_id):
        assert await scalar(database, select(func.count(column)).where(column == photo.key)) == 0
