"""What one may not see takes as long to refuse as what is not there, and answers the same."""

import statistics
from time import perf_counter
from uuid import uuid4

import pytest

from schema.nodes import global_id
from storage.rows import Visibility
from tests.making import make_photo

TIMES = 500
QUERIES = {
    "node": "query($id: ID!) { node(id: $id) { id } }",
    "like": "mutation($id: ID!) { likePhoto(id: $id) { photo { id } errors { code message } } }",
    "comment": """mutation($id: ID!) { addComment(input: {photoId: $id, body: "Oh."}) {
      comment { id } errors { code message } } }""",
}


@pytest.mark.torture
@pytest.mark.parametrize("name", QUERIES)
async def test_neither_body_nor_time_tells(client, database, ann, bob, name):
    hidden = (await make_photo(database, owner=ann, visibility=Visibility.PRIVATE)).id
    headers = {"Authorization": f"Bearer {bob.token}"}
    bodies, taken = set(), {"hidden": [], "absent": []}
    for number in range(-20, TIMES):
        for kind, id in (("hidden", hidden), ("absent", global_id("photo", uuid4()))):
            asked = {"query": QUERIES[name], "variables": {"id": id}}
            began = perf_counter()
            answer = await client.post("/graphql", json=asked, headers=headers)
            if number >= 0:
                taken[kind].append(perf_counter() - began)
            bodies.add(answer.text)

    # Of those that were asked for one after the other: a busy minute strikes both.
    pairs = zip(*taken.values(), strict=True)
    apart = statistics.median(first - second for first, second in pairs) * 1_000
    print(f"{name}: {apart:.3f} ms apart")  # noqa: T201 - The measured figure.
    assert len(bodies) == 1
    assert abs(apart) <= 2
