"""Who sees what, in which order, at which price."""

import pytest

from storage.rows import Visibility
from tests.conftest import Errors
from tests.making import make_block, make_follow, make_person, make_photo

PHOTO = "query($id: ID!) { node(id: $id) { id ... on Photo { title } } }"
FEED = """
query($first: Int, $after: String) {
  feed(first: $first, after: $after) {
    edges { cursor node { id } }
    pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
  }
}
"""
WHOLE_FEED = """
query($first: Int) {
  feed(first: $first) {
    edges { node {
      id title caption altText tags location { name } visibility status createdAt width height
      blurhash dominantColor failure { code } originalUrl
      owner { username photoCount viewerFollow followsViewer followerCount }
      variants { name url width height contentType byteSize } variant(minWidth: 500) { name }
    } }
    pageInfo { hasNextPage }
  }
}
"""


async def _ids(ask, query, viewer=None, **variables):
    """The ids of every page of a list, and the number of pages."""
    found, pages, after = [], 0, None
    while True:
        data = await ask(query, viewer=viewer, after=after, **variables)
        connection = next(iter(data.values()))
        connection = connection.get("photos") or connection.get("followers") or connection
        found += [edge["node"]["id"] for edge in connection["edges"]]
        pages += 1
        after = connection["pageInfo"]["endCursor"]
        if not connection["pageInfo"]["hasNextPage"]:
            return found, pages


async def test_a_blocked_user_does_not_see_the_photo(database, ask, ann, bob):
    photo = await make_photo(database, owner=ann)
    await make_block(database, by=ann, of=bob)

    assert await ask(PHOTO, id=photo.id, viewer=bob) == {"node": None}


async def test_a_block_hides_people_from_each_other(database, ask, ann, bob):
    await make_block(database, by=ann, of=bob)
    query = "query($name: String!, $id: ID!) { user(username: $name) { id } node(id: $id) { id } }"

    nothing = {"user": None, "node": None}
    assert await ask(query, viewer=ann, name=bob.username, id=bob.id) == nothing
    assert await ask(query, viewer=bob, name=ann.username, id=ann.id) == nothing
    assert await ask(query, name=ann.username, id=ann.id) == {
        "user": {"id": ann.id},
        "node": {"id": ann.id},
    }


@pytest.mark.parametrize(
    ("visibility", "is_ready", "seen_by"),
    [
        (Visibility.PUBLIC, True, {"owner", "follower", "stranger", "guest"}),
        (Visibility.FOLLOWERS, True, {"owner", "follower"}),
        (Visibility.PRIVATE, True, {"owner"}),
        (Visibility.PUBLIC, False, {"owner"}),
        (Visibility.FOLLOWERS, False, {"owner"}),
        (Visibility.PRIVATE, False, {"owner"}),
    ],
)
@pytest.mark.parametrize("is_private", [False, True])
async def test_one_rule_decides_on_every_path(
    database, ask, ann, bob, cid, visibility, is_ready, seen_by, is_private
):
    await make_follow(database, by=bob, of=ann)
    await ask(
        "mutation($to: Boolean!) { updateProfile(input: {isPrivate: $to}) { errors { code } } }",
        viewer=ann,
        to=is_private,
    )
    photo = await make_photo(database, owner=ann, visibility=visibility, is_ready=is_ready)
    if is_private:
        seen_by = seen_by & {"owner", "follower"}
    people = {"owner": ann, "follower": bob, "stranger": cid, "guest": None}
    query = """
    query($id: ID!, $name: String!) {
      node(id: $id) { id }
      nodes(ids: [$id, $id]) { id }
      user(username: $name) { photoCount photos { edges { node { id } } } }
      photos(first: 100) { edges { node { id } } }
    }
    """

    for role, viewer in people.items():
        data = await ask(query, viewer=viewer, id=photo.id, name=ann.username)
        expected = {"id": photo.id} if role in seen_by else None
        listed = [edge["node"]["id"] for edge in data["photos"]["edges"]]
        is_listed = role in seen_by and is_ready and visibility is Visibility.PUBLIC
        assert data["node"] == expected, role
        assert data["nodes"] == [expected, expected], role
        assert data["user"]["photos"]["edges"] == ([{"node": expected}] if expected else []), role
        assert data["user"]["photoCount"] == len(data["user"]["photos"]["edges"]), role
        assert (photo.id in listed) is is_listed, role

    feed = await ask(FEED, viewer=bob)
    shown = [edge["node"]["id"] for edge in feed["feed"]["edges"]]
    assert shown == ([photo.id] if is_ready and visibility is not Visibility.PRIVATE else [])
    feed = await ask(FEED, viewer=ann)
    assert [edge["node"]["id"] for edge in feed["feed"]["edges"]] == (
        [photo.id] if is_ready else []
    )


async def test_the_feed_is_newest_first_and_pages_without_gap_or_repeat(
    database, ask, ann, bob, cid
):
    await make_follow(database, by=ann, of=bob)
    stranger = await make_photo(database, owner=cid)
    photos = [
        await make_photo(database, owner=owner) for owner in [ann, bob, bob, ann, bob, bob, bob]
    ]
    newest_first = [photo.id for photo in reversed(photos)]

    assert await _ids(ask, FEED, viewer=ann, first=3) == (newest_first, 3)
    assert await _ids(ask, FEED, viewer=ann, first=7) == (newest_first, 1)
    assert stranger.id not in newest_first


async def test_paging_the_feed_is_stable_while_photos_come(database, ask, ann):
    photos = [await make_photo(database, owner=ann) for _ in range(4)]
    first = await ask(FEED, viewer=ann, first=2)
    late = await make_photo(database, owner=ann)

    second = await ask(FEED, viewer=ann, first=2, after=first["feed"]["pageInfo"]["endCursor"])

    newest_first = [photo.id for photo in reversed(photos)]
    assert [edge["node"]["id"] for edge in first["feed"]["edges"]] == newest_first[:2]
    assert [edge["node"]["id"] for edge in second["feed"]["edges"]] == newest_first[2:]
    assert second["feed"]["pageInfo"]["hasPreviousPage"] is True
    assert second["feed"]["pageInfo"]["hasNextPage"] is False
    assert (await ask(FEED, viewer=ann, first=1))["feed"]["edges"][0]["node"]["id"] == late.id


async def test_the_feed_needs_a_session(ask):
    with pytest.raises(Errors) as caught:
        await ask(FEED)
    assert caught.value.codes == ["UNAUTHENTICATED"]


async def test_nodes_keep_their_order_and_answer_null_for_what_is_not_there(
    database, ask, ann, bob
):
    photo = await make_photo(database, owner=ann)
    hidden = await make_photo(database, owner=ann, visibility=Visibility.PRIVATE)
    ids = [bob.id, hidden.id, photo.id, "nonsense", photo.id.replace("photo", "user"), ann.id]

    data = await ask("query($ids: [ID!]!) { nodes(ids: $ids) { id } }", viewer=bob, ids=ids)

    assert data["nodes"] == [{"id": bob.id}, None, {"id": photo.id}, None, None, {"id": ann.id}]


async def test_only_the_owner_gets_a_link_to_the_original(database, ask, ann, bob):
    photo = await make_photo(database, owner=ann)
    query = "query($id: ID!) { node(id: $id) { ... on Photo { originalUrl } } }"

    assert (await ask(query, id=photo.id))["node"] == {"originalUrl": None}
    assert (await ask(query, viewer=bob, id=photo.id))["node"] == {"originalUrl": None}
    own = (await ask(query, viewer=ann, id=photo.id))["node"]["originalUrl"]
    assert "/originals/" in own
    assert "X-Amz-Expires=300" in own


@pytest.mark.parametrize(
    ("min_width", "name"),
    [(-1, "THUMB"), (320, "THUMB"), (321, "MEDIUM"), (1081, "FULL"), (9_999, "FULL")],
)
async def test_the_smallest_variant_that_is_wide_enough(database, ask, ann, min_width, name):
    photo = await make_photo(database, owner=ann)
    query = """
    query($id: ID!, $w: Int!) { node(id: $id) { ... on Photo { variant(minWidth: $w) { name } } } }
    """

    assert (await ask(query, id=photo.id, w=min_width))["node"] == {"variant": {"name": name}}


async def test_the_feed_costs_the_same_for_one_photo_and_for_many(
    database, settings, ask_counted, ann, bob
):
    await make_follow(database, by=ann, of=bob)
    await make_photo(database, owner=bob)
    _, for_one = await ask_counted(WHOLE_FEED, viewer=ann, first=100)
    for number in range(19):
        owner = await make_person(database, settings, f"p{number}") if number % 2 else bob
        if owner is not bob:
            await make_follow(database, by=ann, of=owner)
        await make_photo(database, owner=owner)

    data, for_twenty = await ask_counted(WHOLE_FEED, viewer=ann, first=100)

    assert len(data["feed"]["edges"]) == 20
    # Along with the feed come its owners, its variants, how the viewer follows the owners and they
    # the viewer, and whether the viewer has blocks that the owners' counts must leave out.
    assert (for_one, for_twenty) == (1, 1)


async def test_the_plain_feed_is_one_statement(database, ask_counted, ann):
    await make_photo(database, owner=ann)

    _, total = await ask_counted(FEED, viewer=ann)

    assert total == 1


async def test_lists_of_users_cost_the_same_for_one_and_for_many(
    database, settings, ask_counted, ann, bob
):
    query = """
    query($name: String!) { user(username: $name) { followers(first: 100) { edges { node {
      username photoCount viewerFollow followsViewer
      photos(first: 3) { edges { node { id variants { url } } } }
      followers(first: 2) { edges { node { username } } }
      following(first: 2) { edges { node { username } } }
    } } } } }
    """
    await make_follow(database, by=bob, of=ann)
    await make_photo(database, owner=bob)
    _, for_one = await ask_counted(query, viewer=bob, name=ann.username)
    for number in range(19):
        follower = await make_person(database, settings, f"f{number}")
        await make_follow(database, by=follower, of=ann)
        await make_photo(database, owner=follower)

    data, for_twenty = await ask_counted(query, viewer=bob, name=ann.username)

    assert len(data["user"]["followers"]["edges"]) == 20
    # The user; followers; of those: states, follows back, photos with variants, followers,
    # following.
    assert (for_one, for_twenty) == (7, 7)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("{ photos(first: 100) { edges { node { id owner { username } variants { url } } } } }", 1),
        ("{ users(first: 100) { edges { node { username } } } }", 1),
        ("{ users(first: 100) { edges { node { photos { edges { node { id } } } } } } }", 2),
    ],
)
async def test_lists_for_guests(database, ask_counted, ann, query, expected):
    await make_photo(database, owner=ann)

    _, total = await ask_counted(query)

    assert total == expected


async def test_nodes_of_one_kind_are_one_statement(database, ask_counted, ann):
    ids = [(await make_photo(database, owner=ann)).id for _ in range(5)]

    data, total = await ask_counted("query($ids: [ID!]!) { nodes(ids: $ids) { id } }", ids=ids)

    assert [node["id"] for node in data["nodes"]] == ids
    assert total == 1


async def test_public_photos_page_without_gap_or_repeat(database, ask, ann):
    made = [(await make_photo(database, owner=ann)).id for _ in range(5)]
    query = """
    query($name: String!, $after: String) { user(username: $name) {
      photos(first: 2, after: $after) { edges { node { id } } pageInfo { hasNextPage endCursor } }
    } }
    """

    assert await _ids(ask, query, name=ann.username) == (made[::-1], 3)
