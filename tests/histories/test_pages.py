"""Paging through ten thousand rows while others come and go: each lasting one is there, once."""

import asyncio
import os
import random
from collections import Counter

import pytest
from sqlalchemy import text

from schema.nodes import global_id, parsed
from tests.making import make_photo

pytestmark = pytest.mark.torture

ROWS = int(os.environ.get("PICSHARE_TEST_ROWS", "10000"))
# A fifth goes away meanwhile, and as many come.
GOING = ROWS // 5
# Seven have the same moment each time.
MOMENT = "now() - ((n + cast(:behind as int)) / 7) * interval '1 second'"
COMMENTS = f"""
    insert into comments (photo_id, author_id, body, created_at)
    select :place, owner_id, 'Oh.', {MOMENT}
    from generate_series(1, :many) n, photos where photos.id = :place returning comments.id
"""
FOLLOWERS = f"""
    with made as (
        insert into users (username, display_name)
        select 'f' || left(md5(random()::text || n), 24), 'F'
        from generate_series(1, :many) n returning id
    )
    insert into follows (follower_id, followee_id, created_at)
    select id, :place, {MOMENT} from (select id, row_number() over () n from made) made
    returning follower_id
"""
QUERY = """
query($id: ID!, $after: String) { node(id: $id) { %s } }
fragment Found on %s { edges { node { id } } pageInfo { hasNextPage endCursor } }
"""
LISTS = {
    "comments": (
        COMMENTS,
        "delete from comments where photo_id = :place and id = any(:ids)",
        "Comment",
        "... on Photo { found: comments(first: 100, after: $after) { ...Found } }",
    ),
    "followers": (
        FOLLOWERS,
        "delete from follows where followee_id = :place and follower_id = any(:ids)",
        "User",
        "... on User { found: followers(first: 100, after: $after) { ...Found } }",
    ),
}


class Change:
    """Rows that come and go, one transaction after the other."""

    def __init__(self, database, adding, removing, given):
        self._database = database
        self._adding, self._removing, self._given = text(adding), text(removing), given
        self._chance = random.Random(7)
        self.cursor_at = None
        self.at_cursors = self.gone = 0

    async def add(self, many, behind=0):
        """Rows that come so far behind the first."""
        given = self._given | {"many": many, "behind": behind}
        async with self._database.begin() as tx:
            return list((await tx.execute(self._adding, given)).scalars())

    async def remove(self, ids):
        async with self._database.begin() as tx:
            self.gone += (await tx.execute(self._removing, self._given | {"ids": ids})).rowcount

    async def go_on(self, going):
        """Take some away, the one that a cursor stands at first, and bring as many."""
        left = dict.fromkeys(going)
        while left:
            some = [left.popitem()[0] for _ in range(min(2, len(left)))]
            if self.cursor_at in left:
                del left[self.cursor_at]
                some.append(self.cursor_at)
                self.at_cursors += 1
            await self.remove(some)
            await self.add(len(some), behind=self._chance.randrange(ROWS))


async def _paged(ask, query, change, **arguments):
    """Every id that the list shows, page by page."""
    seen, after = [], None
    while True:
        found = (await ask(query, after=after, **arguments))["node"]["found"]
        seen += [edge["node"]["id"] for edge in found["edges"]]
        change.cursor_at = parsed(seen[-1])[1]
        if not found["pageInfo"]["hasNextPage"]:
            return seen
        after = found["pageInfo"]["endCursor"]


@pytest.mark.parametrize("name", LISTS)
async def test_each_lasting_row_is_there_once(database, ask, ann, name):
    adding, removing, kind, found = LISTS[name]
    query = QUERY % (found, f"{kind}Connection")
    photo = await make_photo(database, ann)
    place = photo if name == "comments" else ann
    change = Change(database, adding, removing, {"place": place.key})
    rows = await change.add(ROWS)
    going = random.Random(6).sample(rows, GOING)

    changing = asyncio.create_task(change.go_on(going))
    seen = Counter(await _paged(ask, query, change, viewer=ann, id=place.id))
    changing.cancel()
    await asyncio.gather(changing, return_exceptions=True)

    lasting = {global_id(kind.lower(), each) for each in set(rows) - set(going)}
    print(  # noqa: T201 - The measured figure.
        f"{name}: {len(lasting)} lasting of {ROWS}, {change.gone} removed meanwhile, "
        f"{change.at_cursors} of them at a cursor: {len(lasting - set(seen))} skipped, "
        f"{seen.total() - len(seen)} repeated"
    )
    assert len(lasting) == ROWS - GOING
    assert change.gone > 0
    assert lasting <= set(seen)
    assert set(seen.values()) == {1}
