"""Photos that failed get another chance, where that may help."""

import asyncio

import pytest

from storage import variants
from storage.rows import PhotoFailureCode
from tests.editing.operations import RETRY
from tests.making import (
    make_photo,
)
from tests.storing import (
    counts,
    make_awaiting,
    whole_row,
)
from workers.outcomes import Outcome
from workers.variants import make


async def fail(database, photo, code):
    async with database.begin() as tx:
        attempt = await variants.begin_attempt(tx, photo.key)
        await variants.fail(tx, attempt, code, "It went wrong.")


async def test_a_photo_that_failed_is_tried_again(database, objects, ask, workshop, jobs, ann):
    photo = await make_awaiting(database, objects, ann)
    for _ in range(3):
        async with database.begin() as tx:
            await variants.begin_attempt(tx, photo.key)
    assert await make(workshop, photo.key) is Outcome.NEVER

    answers = await asyncio.gather(*(ask(RETRY, viewer=ann, id=photo.id) for _ in range(6)))

    waiting = {"id": photo.id, "status": "PROCESSING", "failure": None}
    assert answers == [{"retryPhoto": {"photo": waiting, "errors": []}}] * 6
    assert await jobs.kinds() == ["make_variants"]
    assert (await whole_row(database, photo)).crashes == 0
    await jobs.run()
    again = await ask(RETRY, viewer=ann, id=photo.id)
    assert again["retryPhoto"]["photo"] == waiting | {"status": "READY"}
    assert await jobs.kinds() == []
    assert await counts(database, ann) == (1, 1, 1)


@pytest.mark.parametrize(
    "code", [code for code in PhotoFailureCode if code is not PhotoFailureCode.PROCESSING_ERROR]
)
async def test_what_cannot_succeed_is_not_tried_again(database, ask, jobs, ann, code):
    photo = await make_photo(database, ann, is_ready=False)
    await fail(database, photo, code)
    before = await whole_row(database, photo)

    answer = (await ask(RETRY, viewer=ann, id=photo.id))["retryPhoto"]

    assert answer == {
        "photo": None,
        "errors": [
            {
                "code": "NOT_ALLOWED",
                "message": "trying again cannot help; upload the picture again as a new photo",
                "path": ["id"],
            }
        ],
    }
    assert await whole_row(database, photo) == before
    assert await jobs.kinds() == []
