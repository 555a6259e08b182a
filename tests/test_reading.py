"""Who sees what, in which order, at which price."""

import pytest

from storage.rows import Visibility
from tests.making import make_block, make_follow, make_photo

PHOTO = "query($id: ID!) { node(id: $id) { ... on Photo { title } } }"


async def test_a_blocked_user_does_not_see_the_photo(database, ask, ann, bob):
    photo = await make_photo(database, owner=ann)
    await make_block(database, by=ann, of=bob)

    answer = await ask(PHOTO, id=photo.id, viewer=bob)

    assert answer == {"node": None}


async def test_feed(database, ask, ann, bob):
    await make_follow(database, by=ann, of=bob)
    photo = await make_photo(database, owner=bob, title="Hello")
    answer = await ask(
        "{ feed { edges { node { id title owner { username } variants { name url width } } } pageInfo { hasNextPage } } viewer { username photoCount followingCount } }",
        viewer=ann,
    )
    assert answer["feed"]["edges"][0]["node"]["title"] == "Hello"
    print(answer)
