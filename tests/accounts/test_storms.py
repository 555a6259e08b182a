"""A hundred times the same token or code by many at once: one effect each time."""

import asyncio
import os
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from server.auth.tokens import Tokens
from storage import mails, sessions
from storage.database import Database
from storage.rows import MailKind
from storage.tables import mails as mail_table
from storage.tables import refresh_tokens
from tests.conftest import Errors
from tests.making import make_person, make_photo, make_private

ROUNDS = int(os.environ.get("PICSHARE_TEST_ROUNDS", "100"))
TOKENS = Tokens("a secret of at least 32 characters", access_ttl=timedelta(minutes=15))
LIFETIME = timedelta(days=30)


@pytest.fixture
async def many_connections(postgres_url):
    database = Database(postgres_url, pool_size=50)
    yield database
    await database.close()


@pytest.mark.torture
async def test_fifty_refreshes_of_one_token(database, many_connections, ann):
    for _ in range(ROUNDS):
        first = TOKENS.first_refresh()
        successor = TOKENS.next_refresh(first)
        async with database.begin() as tx:
            session = await sessions.begin(tx, ann.key, first, LIFETIME)

        async def refresh(token=first, successor=successor):
            async with many_connections.begin() as tx:
                return await sessions.refresh(
                    tx, token, successor, lifetime=LIFETIME, grace=timedelta(seconds=60)
                )

        assert await asyncio.gather(*(refresh() for _ in range(50))) == [session] * 50
        async with database.connect() as connection:
            live = select(func.count()).where(
                refresh_tokens.c.session_id == session.id, refresh_tokens.c.used_at.is_(None)
            )
            assert await connection.scalar(live) == 1


@pytest.mark.torture
async def test_twenty_uses_of_one_code(database, many_connections, ann):
    async with database.begin() as tx:
        await tx.execute(mail_table.delete())
    for _ in range(ROUNDS):
        async with database.begin() as tx:
            await mails.ask(tx, MailKind.RESET_PASSWORD, "ann@example.org", ann.key)
            newest = select(mail_table.c.id).where(mail_table.c.sent_at.is_(None))
            (id,) = (await tx.execute(newest)).scalars()
            letter = await mails.begin(tx, id)
            await mails.sent(tx, id)

        async def use(code=letter.code):
            async with many_connections.begin() as tx:
                return await mails.use(tx, code, MailKind.RESET_PASSWORD)

        used = await asyncio.gather(*(use() for _ in range(20)))
        assert sum(proof is not None for proof in used) == 1


LIKED = "mutation($id: ID!) { likePhoto(id: $id) { photo { likeCount } errors { code } } }"
FOLLOWED = "mutation($id: ID!) { followUser(id: $id) { user { id } errors { code } } }"
ACCEPTED = "mutation($id: ID!) { acceptFollow(id: $id) { user { id } errors { code } } }"
COUNTS = """query($user: ID!, $photo: ID!) {
  node(id: $photo) { ... on Photo { likeCount likers(first: 100) { edges { cursor } } } }
  person: node(id: $user) { ... on User { followerCount followers { edges { cursor } } } }
}"""


@pytest.mark.torture
async def test_twenty_likes_follows_and_acceptances(ask, database, settings):
    """Each twenty times at once, a hundred times: the counts are those of one."""
    for number in range(ROUNDS):
        ann = await make_person(database, settings, f"ann{number}")
        bob = await make_person(database, settings, f"bob{number}")
        await make_private(database, ann)
        photo = await make_photo(database, owner=bob)

        async def insist(query, viewer, id):
            # More at once than there are connections for: a client is told to come again.
            while True:
                try:
                    return await ask(query, viewer=viewer, id=id)
                except Errors as error:
                    if error.codes != ["SERVICE_UNAVAILABLE"]:
                        raise
                    await asyncio.sleep(0.1)

        async def twenty(*given):
            answers = await asyncio.gather(*(insist(*given) for _ in range(20)))
            return {repr(answer["errors"]) for each in answers for answer in each.values()}

        assert await twenty(LIKED, ann, photo.id) == {"[]"}
        assert await twenty(FOLLOWED, bob, ann.id) == {"[]"}
        assert await twenty(ACCEPTED, ann, bob.id) == {"[]"}
        seen = await ask(COUNTS, viewer=ann, user=ann.id, photo=photo.id)
        assert (seen["node"]["likeCount"], len(seen["node"]["likers"]["edges"])) == (1, 1)
        person = seen["person"]
        assert (person["followerCount"], len(person["followers"]["edges"])) == (1, 1)
