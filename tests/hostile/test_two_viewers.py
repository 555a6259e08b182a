"""Two who ask in turns and at once: neither is ever shown what is the other's."""

import asyncio

import pytest

from tests.conftest import Errors
from tests.making import make_follow, make_like, make_photo

AT_ONCE = 20
QUERY = """query($photo: ID!, $owner: ID!) {
  viewer { username }
  node(id: $photo) { ... on Photo { viewerHasLiked owner { viewerFollow } } }
  person: node(id: $owner) { ... on User { viewerFollow followsViewer } }
  photos(first: 5) { edges { node { id viewerHasLiked owner { username viewerFollow } } } }
  account { email }
}"""


@pytest.mark.parametrize("times", [40, pytest.param(1_000, marks=pytest.mark.torture)])
async def test_no_value_crosses(ask, database, settings, ann, bob, times):
    photo = await make_photo(database, owner=ann)
    await make_like(database, by=bob, of=photo)
    await make_follow(database, by=bob, of=ann)

    async def seen(viewer):
        # More at once than there are connections for: a client is told to come again.
        while True:
            try:
                return await ask(QUERY, viewer=viewer, photo=photo.id, owner=ann.id)
            except Errors as error:
                if set(error.codes) != {"SERVICE_UNAVAILABLE"}:
                    raise
                await asyncio.sleep(0.1)

    alone = {person.username: await seen(person) for person in (ann, bob)}
    assert alone[ann.username] != alone[bob.username]
    mine = [alone[person.username]["node"]["viewerHasLiked"] for person in (ann, bob)]
    assert mine == [False, True]

    for _ in range(times // AT_ONCE):
        people = [ann, bob] * (AT_ONCE // 2)
        answers = await asyncio.gather(*(seen(person) for person in people))
        for person, answer in zip(people, answers, strict=True):
            assert answer == alone[person.username]
