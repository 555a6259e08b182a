"""Fifty people like and unlike one photo for a minute: then the count is the rows."""

import asyncio
import os
import time

import httpx
import pytest
from sqlalchemy import func, select, text

from storage.tables import likes, notification_actors, notifications, photos
from tests.making import make_person, make_photo
from tests.storing import scalar

CLIENTS = 50
SECONDS = float(os.environ.get("PICSHARE_TEST_STORM_S", "60"))
LIKE = "mutation($id: ID!) { answer: likePhoto(id: $id) { errors { code } } }"
UNLIKE = "mutation($id: ID!) { answer: unlikePhoto(id: $id) { errors { code } } }"
COUNTED = """
query($id: ID!) { node(id: $id) { ... on Photo {
  likeCount likers(first: 100) { edges { node { id } } }
} } }
"""
TOLD = "{ notifications { unreadCount edges { node { kind actorCount } } } }"
PASSING = ["SERVICE_UNAVAILABLE"]


class Client:
    """Somebody with a connection of their own, who tries again when told to."""

    def __init__(self, url, person, photo):
        self.person, self.photo = person, photo
        self.likes, self.done, self.waited = False, 0, 0
        headers = {"Authorization": f"Bearer {person.token}"}
        self.http = httpx.AsyncClient(base_url=url, headers=headers, timeout=30)

    async def change(self):
        body = {"query": UNLIKE if self.likes else LIKE, "variables": {"id": self.photo.id}}
        while True:
            answer = (await self.http.post("/graphql", json=body)).json()
            if "errors" not in answer:
                break
            assert [error["extensions"]["code"] for error in answer["errors"]] == PASSING, answer
            self.waited += 1
        assert answer["data"] == {"answer": {"errors": []}}
        self.likes, self.done = not self.likes, self.done + 1

    async def play(self, until):
        async with self.http:
            while time.monotonic() < until:
                await self.change()


@pytest.mark.torture
async def test_after_a_minute_of_likes_the_count_is_the_rows(served, database, settings, ask, ann):
    photo = await make_photo(database, owner=ann)
    people = [await make_person(database, settings, f"storm{n}") for n in range(CLIENTS)]
    clients = [Client(served, person, photo) for person in people]
    deadlocks = text("select deadlocks from pg_stat_database where datname = current_database()")
    before = await scalar(database, deadlocks)

    async with asyncio.timeout(SECONDS + 120):
        until = time.monotonic() + SECONDS
        await asyncio.gather(*(client.play(until) for client in clients))

    expected = {client.person.key for client in clients if client.likes}
    rows = select(likes.c.user_id).where(likes.c.photo_id == photo.key)
    async with database.connect() as connection:
        assert set((await connection.execute(rows)).scalars()) == expected
    counter = select(photos.c.like_count).where(photos.c.id == photo.key)
    assert await scalar(database, counter) == len(expected)
    seen = (await ask(COUNTED, id=photo.id))["node"]
    assert (seen["likeCount"], len(seen["likers"]["edges"])) == (len(expected), len(expected))
    told = select(func.count()).select_from(notification_actors.join(notifications))
    of_photo = told.where(notifications.c.photo_id == photo.key)
    assert await scalar(database, of_photo) == len(expected)
    entry = {"kind": "LIKE", "actorCount": len(expected)}
    assert (await ask(TOLD, viewer=ann))["notifications"] == {
        "unreadCount": 1 if expected else 0,
        "edges": [{"node": entry}] if expected else [],
    }
    done, waited = (sum(getattr(client, name) for client in clients) for name in ("done", "waited"))
    print(f"{done:,} mutations, {waited:,} told to try again")  # noqa: T201
    assert done >= CLIENTS
    assert await scalar(database, deadlocks) == before
