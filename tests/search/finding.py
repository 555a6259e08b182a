"""How the tests ask for photos and people."""

import secrets

PHOTOS = """
query($first: Int, $after: String, $search: String, $tag: String, $near: NearInput) {
  photos(first: $first, after: $after, search: $search, tag: $tag, near: $near) {
    edges { cursor node { id } }
    pageInfo { hasNextPage endCursor }
  }
}
"""
USERS = """
query($first: Int, $after: String, $search: String) {
  users(first: $first, after: $after, search: $search) {
    edges { cursor node { id } }
    pageInfo { hasNextPage endCursor }
  }
}
"""


async def found(ask, viewer=None, query=PHOTOS, **arguments):
    answer = await ask(query, viewer=viewer, **arguments)
    return [edge["node"]["id"] for edge in next(iter(answer.values()))["edges"]]


async def paged(ask, query=PHOTOS, **arguments):
    """The ids of every page of two, asked for one after the other."""
    ids, after = [], None
    while True:
        answer = next(iter((await ask(query, first=2, after=after, **arguments)).values()))
        assert 0 < len(answer["edges"]) <= 2
        assert answer["edges"][-1]["cursor"] == answer["pageInfo"]["endCursor"]
        ids += [edge["node"]["id"] for edge in answer["edges"]]
        after = answer["pageInfo"]["endCursor"]
        if not answer["pageInfo"]["hasNextPage"]:
            return ids


def new_word(length=10):
    """A word that no other test uses."""
    return "".join(secrets.choice("bcdfghklmnpqrstvwxz") for _ in range(length))
