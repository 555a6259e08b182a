"""Every answer is one that the published schema and the document admit, to the last member."""

import copy
from functools import reduce

import pytest
from graphql import build_schema, parse

from fuzz.answers import faults
from resolvers.graph import core
from server.sdl import printed
from tests.limits.queries import Queries
from tests.making import make_comment, make_follow, make_like, make_photo

QUERIES = 12
SCHEMA = build_schema(printed())
DOCUMENT = parse(
    "{ photos(first: 1) { edges { node { __typename id likeCount status createdAt } } } }"
)
NODE = ("data", "photos", "edges", 0, "node")
GOOD = {
    "__typename": "Photo",
    "id": "photo_1",
    "likeCount": 3,
    "status": "READY",
    "createdAt": "2026-11-20T08:15:30.123Z",
}
ERROR = {"message": "no", "locations": [{"line": 1, "column": 3}], "extensions": {"code": "NO"}}


def answered():
    return {"data": {"photos": {"edges": [{"node": dict(GOOD)}]}}}


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ((*NODE, "__typename"), "User"),
        ((*NODE, "id"), 5),
        ((*NODE, "id"), None),
        ((*NODE, "likeCount"), 2**31),
        ((*NODE, "likeCount"), 3.0),
        ((*NODE, "likeCount"), True),
        ((*NODE, "status"), "ODD"),
        ((*NODE, "createdAt"), "2026-11-20"),
        ((*NODE, "caption"), "not asked for"),
        (NODE, {name: GOOD[name] for name in reversed(GOOD)}),
        (NODE, []),
        (("data", "photos", "edges"), {}),
        (("data", "photos"), None),
        (("errors",), []),
        (("errors",), [{"message": "no"}]),
        (("errors",), [ERROR | {"path": ["photos", "edges", 0, "node"]}]),
        (("errors",), [ERROR | {"locations": [{"line": 0, "column": 1}]}]),
        (("errors",), [ERROR | {"trace": []}]),
        (("debug",), {}),
    ],
)
def test_the_checker_finds_what_is_wrong(path, value):
    changed = copy.deepcopy(answered())
    *above, last = path
    reduce(lambda found, step: found[step], above, changed)[last] = value

    assert faults(SCHEMA, DOCUMENT, answered()) == []
    assert faults(SCHEMA, DOCUMENT, changed) != []


def test_the_checker_knows_what_is_never_executed():
    assert faults(SCHEMA, None, {"errors": [ERROR]}) == []
    assert faults(SCHEMA, None, answered()) == ["data of what cannot be executed"]
    assert faults(SCHEMA, DOCUMENT, {}) == ["neither data nor errors"]
    assert faults(SCHEMA, DOCUMENT, []) == ["the answer is no object"]


async def test_generated_queries_are_answered_exactly(client, database, ann, bob):
    photos = [await make_photo(database, owner=owner) for owner in (ann, bob)]
    await make_follow(database, by=ann, of=bob)
    for photo in photos:
        await make_like(database, by=bob, of=photo)
        await make_comment(database, by=ann, of=photo)
    ids = [ann.id, bob.id, photos[0].id, photos[1].id, "nothing"]
    executed = 0
    for viewer in (ann, None):
        headers = {"Authorization": f"Bearer {viewer.token}"} if viewer else {}
        for seed in range(QUERIES):
            text = Queries(core, ids, bob.username, seed).one()
            answer = (await client.post("/graphql", json={"query": text}, headers=headers)).json()
            executed += "data" in answer
            assert faults(SCHEMA, parse(text), answer) == [], text
    assert executed > QUERIES / 2
