"""What an operation has read is gone with it, and no garbage that somebody has to look for."""

import asyncio
import gc

import pytest

from resolvers.loaders import Loaders
from tests.making import make_photo

PAGE = """
{ photos(first: 5) { edges { node {
  title owner { username } variants { url } likeCount commentCount viewerHasLiked
} } } }
"""


def kept():
    return [one for one in gc.get_objects() if isinstance(one, Loaders)]


@pytest.mark.parametrize("hides", [False, True], ids=["nobody hidden", "somebody hidden"])
async def test_an_operation_leaves_nothing_to_the_collector(post, database, ann, bob, hides):
    if hides:
        block = "mutation($id: ID!) { blockUser(id: $id) { errors { code } } }"
        assert (await post(block, viewer=ann, id=bob.id)).json()["data"]["blockUser"]
    await make_photo(database, owner=ann)
    await post(PAGE, viewer=ann)
    gc.collect()
    # Errors that other tests raise again hold on to where they were raised.
    before = kept()
    gc.disable()
    try:
        answer = await post(PAGE, viewer=ann)
        assert answer.json()["data"]["photos"]["edges"]
        # The answer may be here before the task that sent it is over.
        async with asyncio.timeout(5):
            while kept() != before:  # noqa: ASYNC110 - Nobody is told that it is gone.
                await asyncio.sleep(0.01)
    finally:
        gc.enable()
