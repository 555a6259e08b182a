"""What an app's main pages cost: their edges come along with their lists."""

import pytest

from tests.making import make_comment, make_follow, make_like, make_photo

PHOTO = "id owner { username viewerFollow } variants { url } likeCount viewerHasLiked"
FEED = f"{{ feed {{ edges {{ node {{ {PHOTO} commentCount }} }} }} }}"
PAGE = f"""
query($id: ID!) {{ node(id: $id) {{ ... on Photo {{ {PHOTO} comments(first: 10) {{
  edges {{ node {{ body replyCount author {{ username }} }} }}
}} }} }} }}
"""
PROFILE = """
query($name: String!) { user(username: $name) {
  username photoCount followerCount viewerFollow followsViewer
  photos { edges { node { id likeCount commentCount variants { url } } } }
} }
"""


@pytest.fixture
async def photo(database, ann, bob):
    """A photo of Bob, whom Ann follows; she likes it, and both have written under it."""
    await make_follow(database, by=ann, of=bob)
    photo = await make_photo(database, owner=bob)
    await make_like(database, by=ann, of=photo)
    for author in (ann, bob):
        await make_comment(database, by=author, of=photo)
    return photo


async def test_the_home_feed_is_one_statement(ask_counted, ann, bob, photo):
    data, total = await ask_counted(FEED, viewer=ann)

    (edge,) = data["feed"]["edges"]
    assert edge["node"]["owner"] == {"username": bob.username, "viewerFollow": "FOLLOWING"}
    assert edge["node"]["viewerHasLiked"] is True
    assert total == 1


async def test_a_photo_page_is_the_photo_and_its_threads(ask_counted, ann, bob, photo):
    data, total = await ask_counted(PAGE, viewer=ann, id=photo.id)

    assert data["node"]["owner"] == {"username": bob.username, "viewerFollow": "FOLLOWING"}
    authors = [edge["node"]["author"]["username"] for edge in data["node"]["comments"]["edges"]]
    assert authors == [bob.username, ann.username]
    assert total == 2


async def test_a_profile_is_the_user_and_the_photos(ask_counted, ann, bob, photo):
    data, total = await ask_counted(PROFILE, viewer=ann, name=bob.username)

    user = data["user"]
    assert (user["viewerFollow"], user["followsViewer"]) == ("FOLLOWING", False)
    assert (user["photoCount"], user["followerCount"]) == (1, 1)
    assert [edge["node"]["likeCount"] for edge in user["photos"]["edges"]] == [1]
    assert total == 2


async def test_a_guest_is_brought_the_same_but_what_is_the_viewers(ask_counted, bob, photo):
    data, total = await ask_counted(PAGE, id=photo.id)

    assert data["node"]["owner"] == {"username": bob.username, "viewerFollow": "NONE"}
    assert data["node"]["viewerHasLiked"] is False
    assert total == 2
