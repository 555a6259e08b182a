"""Sessions in the database: each refresh token has one use, and a stolen one ends everything."""

import asyncio
import hashlib
from datetime import timedelta

import pytest
from sqlalchemy import func, select, text, update

from server.auth.tokens import Tokens
from storage import sessions
from storage.database import Database
from storage.tables import metadata, refresh_tokens
from storage.tables import sessions as table

TOKENS = Tokens("a secret of at least 32 characters", access_ttl=timedelta(minutes=15))
LIFETIME = timedelta(days=30)
GRACE = timedelta(seconds=10)


async def begin(database, user, token):
    async with database.begin() as tx:
        return await sessions.begin(tx, user.key, token, LIFETIME)


async def refresh(database, token, *, lifetime=LIFETIME, grace=GRACE):
    async with database.begin() as tx:
        return await sessions.refresh(
            tx, token, TOKENS.next_refresh(token), lifetime=lifetime, grace=grace
        )


async def is_live(database, session):
    async with database.connect() as connection:
        return session.id in await sessions.live(connection, [session.id])


async def tokens_of(database, session):
    """How many tokens the session has, and which of them are unused."""
    columns = refresh_tokens.c
    async with database.connect() as connection:
        found = await connection.execute(
            select(columns.token_hash, columns.used_at).where(columns.session_id == session.id)
        )
        rows = found.all()
    return len(rows), [row.token_hash for row in rows if row.used_at is None]


async def expires_in(database, session):
    async with database.connect() as connection:
        left = select(table.c.expires_at - func.now()).where(table.c.id == session.id)
        return (await connection.execute(left)).scalar_one()


async def change(database, statement):
    async with database.begin() as tx:
        assert (await tx.execute(statement)).rowcount > 0


async def let_grace_pass(database, token):
    earlier = refresh_tokens.c.used_at - GRACE
    own = refresh_tokens.c.token_hash == digest(token)
    await change(database, update(refresh_tokens).where(own).values(used_at=earlier))


async def let_run_out(database, session):
    over = update(table).where(table.c.id == session.id).values(expires_at=func.now())
    await change(database, over)


def digest(token):
    return hashlib.sha256(token.encode()).digest()


@pytest.fixture
async def fifty_connections(postgres_url):
    """A database where nobody waits for a connection, only for the row."""
    database = Database(postgres_url, pool_size=50)
    yield database
    await database.close()


@pytest.fixture
def first():
    return TOKENS.first_refresh()


@pytest.fixture
def second(first):
    return TOKENS.next_refresh(first)


@pytest.fixture
def third(second):
    return TOKENS.next_refresh(second)


async def test_a_refresh_replaces_the_token(database, ann, first, second):
    session = await begin(database, ann, first)

    assert await refresh(database, first) == session
    assert await tokens_of(database, session) == (2, [digest(second)])


async def test_tokens_are_kept_as_hashes_only(database, ann, first, second):
    await begin(database, ann, first)
    await refresh(database, first)

    async with database.connect() as connection:
        for name in metadata.tables:
            rows = (await connection.execute(text(f"select t::text from {name} t"))).scalars()
            kept = "\n".join(rows)
            for token in (first, second):
                assert token not in kept
                assert token.encode().hex() not in kept


async def test_each_refresh_lengthens_the_session(database, ann, first):
    session = await begin(database, ann, first)
    longer = timedelta(days=60)

    assert timedelta(days=29) < await expires_in(database, session) <= LIFETIME
    await refresh(database, first, lifetime=longer)
    assert timedelta(days=59) < await expires_in(database, session) <= longer


async def test_a_lost_answer_is_given_again(database, ann, first, second):
    session = await begin(database, ann, first)
    await refresh(database, first)

    assert await refresh(database, first) == session
    assert await tokens_of(database, session) == (2, [digest(second)])
    assert await refresh(database, second) == session


async def test_reuse_after_the_grace_ends_the_session(database, ann, first, second):
    session = await begin(database, ann, first)
    await refresh(database, first)
    await let_grace_pass(database, first)

    assert await refresh(database, first) is None
    assert not await is_live(database, session)
    assert await refresh(database, second) is None
    assert await tokens_of(database, session) == (2, [digest(second)])


async def test_without_grace_every_reuse_ends_the_session(database, ann, first):
    session = await begin(database, ann, first)
    await refresh(database, first, grace=timedelta())

    assert await refresh(database, first, grace=timedelta()) is None
    assert not await is_live(database, session)


async def test_a_transaction_that_began_before_the_use_is_no_earlier_use(database, ann, first):
    session = await begin(database, ann, first)
    async with database.begin() as tx:
        await tx.execute(select(func.now()))
        await refresh(database, first)
        late = await sessions.refresh(
            tx, first, TOKENS.next_refresh(first), lifetime=LIFETIME, grace=timedelta()
        )

    assert late is None
    assert not await is_live(database, session)


async def test_the_predecessor_of_the_predecessor_ends_the_session_within_the_grace(
    database, ann, first, second, third
):
    session = await begin(database, ann, first)
    await refresh(database, first)
    await refresh(database, second)

    assert await refresh(database, first) is None
    assert not await is_live(database, session)
    assert await refresh(database, third) is None


async def test_ending_a_session_leaves_the_users_other_sessions(database, ann, first):
    session = await begin(database, ann, first)
    other = await begin(database, ann, TOKENS.first_refresh())
    async with database.begin() as tx:
        await sessions.end(tx, session.id)
        await sessions.end(tx, session.id)

    assert not await is_live(database, session)
    assert await is_live(database, other)
    assert await refresh(database, first) is None


async def test_a_session_that_ran_out_stays_over(database, ann, first, second):
    session = await begin(database, ann, first)
    await let_run_out(database, session)

    assert not await is_live(database, session)
    assert await refresh(database, first) is None
    assert await tokens_of(database, session) == (1, [digest(first)])


async def test_an_unknown_token_ends_nothing(database, ann, first):
    session = await begin(database, ann, first)

    assert await refresh(database, TOKENS.first_refresh()) is None
    assert await is_live(database, session)
    assert await tokens_of(database, session) == (1, [digest(first)])


async def test_a_token_is_carried_on_only_by_its_own_secret(database, ann, first):
    session = await begin(database, ann, first)
    await refresh(database, first)
    async with database.begin() as tx:
        answer = await sessions.refresh(
            tx, first, TOKENS.first_refresh(), lifetime=LIFETIME, grace=GRACE
        )

    assert answer is None
    assert not await is_live(database, session)


async def test_fifty_refreshes_at_once_leave_one_live_token(
    database, fifty_connections, ann, first, second
):
    session = await begin(database, ann, first)

    answers = await asyncio.gather(*(refresh(fifty_connections, first) for _ in range(50)))

    assert answers == [session] * 50
    assert await tokens_of(database, session) == (2, [digest(second)])
    assert await is_live(database, session)


async def test_fifty_refreshes_at_once_without_grace_succeed_once(
    database, fifty_connections, ann, first
):
    session = await begin(database, ann, first)

    answers = await asyncio.gather(
        *(refresh(fifty_connections, first, grace=timedelta()) for _ in range(50))
    )

    assert sorted(answers, key=str) == [None] * 49 + [session]
    assert not await is_live(database, session)


async def test_logging_out_during_refreshes_wins(database, ann, postgres_url, first):
    session = await begin(database, ann, first)
    other_process = Database(postgres_url, pool_size=1)

    async def log_out():
        async with other_process.begin() as tx:
            await sessions.end(tx, session.id)

    await asyncio.gather(*(refresh(database, first) for _ in range(9)), log_out())
    await other_process.close()

    assert not await is_live(database, session)
    assert await refresh(database, first) is None
