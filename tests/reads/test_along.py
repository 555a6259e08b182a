"""What an app's main pages cost: their edges come along with their lists."""

import pytest

from storage.rows import Visibility
from tests.making import make_block, make_comment, make_follow, make_like, make_person, make_photo

PHOTO = "id owner { username viewerFollow } variants { url } likeCount viewerHasLiked"
FEED = f"{{ feed {{ edges {{ node {{ {PHOTO} commentCount }} }} }} }}"
PAGE = f"""
query($id: ID!) {{ node(id: $id) {{ ... on Photo {{ {PHOTO} comments(first: 10) {{
  edges {{ node {{ body replyCount author {{ username }} }} }}
}} }} }} }}
"""
THREADS = """
query($id: ID!, $first: Int, $after: String) { node(id: $id) { ... on Photo {
  comments(first: $first, after: $after) {
    edges { node { author { username } } } pageInfo { hasNextPage hasPreviousPage endCursor }
  }
} } }
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


async def test_a_photo_page_is_one_statement(ask_counted, ann, bob, photo):
    data, total = await ask_counted(PAGE, viewer=ann, id=photo.id)

    assert data["node"]["owner"] == {"username": bob.username, "viewerFollow": "FOLLOWING"}
    assert _authors(data["node"]) == [bob.username, ann.username]
    assert total == 1


async def test_a_profile_is_one_statement(ask_counted, ann, bob, photo):
    data, total = await ask_counted(PROFILE, viewer=ann, name=bob.username)

    user = data["user"]
    assert (user["viewerFollow"], user["followsViewer"]) == ("FOLLOWING", False)
    assert (user["photoCount"], user["followerCount"]) == (1, 1)
    assert [edge["node"]["likeCount"] for edge in user["photos"]["edges"]] == [1]
    assert total == 1


async def test_what_a_block_hides_is_taken_off_without_another_statement(
    database, ask_counted, ann, bob, cid, photo
):
    """Cid likes and follows what Ann sees, wrote a thread that Bob replied to, and a reply."""
    await make_follow(database, by=cid, of=bob)
    await make_like(database, by=cid, of=photo)
    thread = await make_comment(database, by=cid, of=photo)
    await make_comment(database, by=bob, of=photo, to=thread)
    shown = await make_comment(database, by=bob, of=photo)
    await make_comment(database, by=cid, of=photo, to=shown)
    await make_block(database, by=cid, of=ann)

    feed, for_feed = await ask_counted(FEED, viewer=ann)
    page, for_page = await ask_counted(PAGE, viewer=ann, id=photo.id)
    profile, for_profile = await ask_counted(PROFILE, viewer=ann, name=bob.username)

    (edge,) = feed["feed"]["edges"]
    assert (edge["node"]["likeCount"], edge["node"]["commentCount"]) == (1, 3)
    assert page["node"]["likeCount"] == 1
    replies = [edge["node"]["replyCount"] for edge in page["node"]["comments"]["edges"]]
    assert (_authors(page["node"]), replies) == (
        [bob.username, bob.username, ann.username],
        [0] * 3,
    )
    assert profile["user"]["followerCount"] == 1
    (listed,) = profile["user"]["photos"]["edges"]
    assert (listed["node"]["likeCount"], listed["node"]["commentCount"]) == (1, 3)
    assert (for_feed, for_page, for_profile) == (1, 1, 1)


async def test_a_guest_is_brought_the_same_but_what_is_the_viewers(ask_counted, bob, photo):
    data, total = await ask_counted(PAGE, id=photo.id)

    assert data["node"]["owner"] == {"username": bob.username, "viewerFollow": "NONE"}
    assert data["node"]["viewerHasLiked"] is False
    assert total == 1


@pytest.mark.parametrize("first", [1, 2, 3])
async def test_a_page_that_comes_along_is_as_long_as_was_asked(ask_counted, ann, bob, photo, first):
    data, total = await ask_counted(THREADS, viewer=ann, id=photo.id, first=first)

    found = data["node"]["comments"]
    assert _authors(data["node"]) == [bob.username, ann.username][:first]
    assert found["pageInfo"]["hasNextPage"] is (first < 2)
    assert total == 1

    # The cursor is one of the list, and a later page is read for itself.
    end = found["pageInfo"]["endCursor"]
    later, total = await ask_counted(THREADS, viewer=ann, id=photo.id, first=first, after=end)
    assert _authors(later["node"]) == [bob.username, ann.username][first:]
    assert later["node"]["comments"]["pageInfo"]["hasPreviousPage"] is True
    assert total == 2


async def test_a_page_that_comes_along_is_what_the_viewer_may_see(
    ask_counted, database, settings, ann, bob, photo
):
    cat = await make_person(database, settings, "cat")
    await make_block(database, by=cat, of=ann)
    await make_photo(database, owner=bob, visibility=Visibility.FOLLOWERS)

    page, _ = await ask_counted(PAGE, viewer=cat, id=photo.id)
    profile, _ = await ask_counted(PROFILE, viewer=cat, name=bob.username)

    assert _authors(page["node"]) == [bob.username]
    assert [edge["node"]["id"] for edge in profile["user"]["photos"]["edges"]] == [photo.id]


async def test_pages_come_with_pages(ask_counted, ann, bob, photo):
    asked = "query($name: String!) { user(username: $name) { photos { edges { node {"
    asked += " comments(first: 1) { edges { node { body } } pageInfo { hasNextPage } } } } } } }"

    data, total = await ask_counted(asked, viewer=ann, name=bob.username)

    (edge,) = data["user"]["photos"]["edges"]
    assert len(edge["node"]["comments"]["edges"]) == 1
    assert edge["node"]["comments"]["pageInfo"]["hasNextPage"] is True
    assert total == 1


async def test_photos_of_two_places_bring_no_page_of_comments(ask_counted, ann, bob, photo):
    """Those that are asked for no comments would bring as many."""
    asked = "query($id: ID!) { node(id: $id) { ... on Photo { comments { edges { node { body } } }"
    asked += " owner { photos { edges { node { id } } } } } } }"

    data, total = await ask_counted(asked, viewer=ann, id=photo.id)

    assert len(data["node"]["comments"]["edges"]) == 2
    assert [edge["node"]["id"] for edge in data["node"]["owner"]["photos"]["edges"]] == [photo.id]
    assert total == 3


def _authors(photo):
    return [edge["node"]["author"]["username"] for edge in photo["comments"]["edges"]]
