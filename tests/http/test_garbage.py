"""What an operation has read is gone with it, and no garbage that somebody has to look for."""

import gc

from resolvers.loaders import Loaders
from tests.making import make_photo

PAGE = """
{ photos(first: 5) { edges { node {
  title owner { username } variants { url } likeCount commentCount viewerHasLiked
} } } }
"""


def kept():
    return [one for one in gc.get_objects() if isinstance(one, Loaders)]


async def test_an_operation_leaves_nothing_to_the_collector(post, database, ann):
    await make_photo(database, owner=ann)
    await post(PAGE, viewer=ann)
    gc.collect()
    # Errors that other tests raise again hold on to where they were raised.
    before = kept()
    gc.disable()
    try:
        answer = await post(PAGE, viewer=ann)
        assert answer.json()["data"]["photos"]["edges"]
        assert kept() == before
    finally:
        gc.enable()
