"""What an app reads all the time is composed once, and leaves nothing to the collector."""

import pytest
from sqlalchemy import event
from sqlalchemy.engine import Engine

from storage import reads
from tests.making import make_comment, make_follow, make_like, make_photo

USER = "id username avatarUrl(size: 64) viewerFollow followsViewer"
PHOTO = f"id title variants {{ url }} likeCount viewerHasLiked owner {{ {USER} }}"
READ_OFTEN = {
    "the newest photos": f"{{ photos(first: 10) {{ edges {{ node {{ {PHOTO} }} }} }} }}",
    "the home feed": f"{{ feed(first: 10) {{ edges {{ node {{ {PHOTO} }} }} }} }}",
    "what one was told": f"""{{ notifications {{
      unreadCount edges {{ node {{ actor {{ {USER} }} actorCount photo {{ id }} }} }}
    }} }}""",
    "who follows whom": f"""{{ viewer {{
      followers {{ edges {{ node {{ {USER} }} }} }} following {{ edges {{ node {{ {USER} }} }} }}
    }} }}""",
    "who likes, and what is replied": f"""{{ photos(first: 2) {{ edges {{ node {{
      likers {{ edges {{ node {{ {USER} }} }} }}
      comments {{ edges {{ node {{ body replies {{ edges {{ node {{ body }} }} }} }} }} }}
    }} }} }} }}""",
}


@pytest.fixture
async def life(database, ann, bob):
    """Two who follow each other; one likes a photo of the other, and there is a thread."""
    for one, other in ((ann, bob), (bob, ann)):
        await make_follow(database, by=one, of=other)
    photo = await make_photo(database, owner=ann)
    await make_like(database, by=bob, of=photo)
    comment = await make_comment(database, by=bob, of=photo)
    await make_comment(database, by=ann, of=photo, to=comment)


@pytest.mark.parametrize("asked", READ_OFTEN.values(), ids=READ_OFTEN)
async def test_nothing_is_composed_for_what_is_read_often(ask, life, ann, asked):
    composed = []

    def note(_connection, _cursor, statement, *_):
        composed.append(statement)

    await ask(asked, viewer=ann)
    event.listen(Engine, "before_cursor_execute", note)
    try:
        assert await ask(asked, viewer=ann)
    finally:
        event.remove(Engine, "before_cursor_execute", note)

    assert composed == []


async def test_a_long_statement_is_prepared_once(database):
    """With all its edges a feed takes more than asyncpg remembers by itself."""
    asked = reads.Read(f"select length('{'long' * 10_000}')", (), reads.first)
    prepared = "select count(*) from pg_prepared_statements where statement like '%longlong%'"
    async with database.reading() as way:
        found = [*(await reads.rows(way, asked)), *(await reads.rows(way, asked))]
        known = await reads.rows(way, reads.Read(prepared, (), reads.first))

    assert (found, known) == ([40_000] * 2, [2])
