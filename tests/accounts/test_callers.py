"""A header becomes a caller, and what has ended is believed for half a second at most."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from sqlalchemy import text

from resolvers.context import Caller
from server.auth.callers import MEMORY_S, Callers
from server.auth.tokens import Tokens
from storage import sessions, users
from storage.along import Along
from storage.database import StatementCount, statements
from storage.reached import Unavailable
from storage.rows import UserId

TOKENS = Tokens("a secret of at least 32 characters", access_ttl=timedelta(minutes=15))
ENDED = Caller(refused="the session has ended; log in again")


class Clock:
    """A clock that stands until it is told to go on."""

    def __init__(self):
        self.at = 1000.0

    def __call__(self):
        return self.at


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def callers(database, clock):
    return Callers(database, TOKENS, clock=clock)


@pytest.fixture
async def session(database, ann):
    async with database.begin() as tx:
        return await sessions.begin(tx, ann.key, TOKENS.first_refresh(), timedelta(days=30))


def bearer(session, tokens=TOKENS):
    return f"Bearer {tokens.access(session)[0]}"


async def end(database, session):
    async with database.begin() as tx:
        await sessions.end(tx, session.id)


async def counted(asking):
    """The answer, and how many statements it took."""
    token = statements.set(counter := StatementCount())
    try:
        return await asking, counter.total
    finally:
        statements.reset(token)


async def confirmed(callers, header, claimed):
    return callers.confirmed(claimed) or await callers.of(header)


async def test_without_a_header_it_is_a_guest(callers):
    assert await counted(callers.of(None)) == (Caller(), 0)


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", " BEARER "])
async def test_a_good_token_is_its_session(callers, session, scheme):
    header = bearer(session).replace("Bearer", scheme)

    assert await callers.of(header) == Caller(session)


@pytest.mark.parametrize(
    "header",
    ["", " ", "Bearer", "Bearer ", "Basic YW5uOnBhc3M=", "token", "Bearer a b", "Bearer \0", "é é"],
)
async def test_a_bad_header_is_refused_without_asking_the_database(callers, header):
    caller, asked = await counted(callers.of(header))

    assert caller.session is None
    assert caller.refused
    assert asked == 0


async def test_blanks_make_no_endless_number_of_headers_of_one_token(callers, session):
    blanks = " " * 1_000

    assert (await callers.of(bearer(session).replace(" ", blanks))).refused
    assert (await callers.of(bearer(session) + blanks)).refused


async def test_what_a_read_found_out_is_not_asked_for_again(callers, database, session, ann):
    header = bearer(session)
    claimed = callers.claimed(header)
    assert (claimed.session, claimed.claim.is_live) == (session, None)

    async with database.reading() as way:
        (found,) = (
            await users.by_ids(way, [ann.key], ann.key, Along(claim=claimed.claim))
        ).values()

    assert (found.id, claimed.claim.is_live) == (ann.key, True)
    assert await counted(confirmed(callers, header, claimed)) == (Caller(session), 0)
    # From now on nothing has to be found out.
    assert callers.claimed(header) == Caller(session)
    assert await counted(callers.of(header)) == (Caller(session), 0)


async def test_what_no_read_found_out_the_database_is_asked_for(callers, session):
    header = bearer(session)

    assert await counted(confirmed(callers, header, callers.claimed(header))) == (
        Caller(session),
        1,
    )


async def test_a_claim_to_what_has_ended_is_refused(callers, database, session, ann):
    header = bearer(session)
    claimed = callers.claimed(header)
    await end(database, session)

    async with database.reading() as way:
        await users.by_ids(way, [ann.key], ann.key, Along(claim=claimed.claim))

    assert claimed.claim.is_live is False
    assert await confirmed(callers, header, claimed) == ENDED
    assert callers.claimed(header) == ENDED


async def test_a_claim_to_the_session_of_another_user_is_refused(callers, database, session, ann):
    mixed = replace(session, user_id=UserId(uuid4()))
    claimed = callers.claimed(bearer(mixed))

    async with database.reading() as way:
        await users.by_ids(way, [ann.key], mixed.user_id, Along(claim=claimed.claim))

    assert claimed.claim.is_live is False
    assert await confirmed(callers, bearer(mixed), claimed) == ENDED


async def test_what_was_forgotten_since_it_was_claimed_is_asked_for_again(callers, clock, session):
    header = bearer(session)
    claimed = callers.claimed(header)
    clock.at += MEMORY_S / 4
    callers.forget(session)
    claimed.claim.is_live = True

    assert await confirmed(callers, header, claimed) == Caller(session)
    assert await counted(callers.of(header)) == (Caller(session), 1)


async def test_what_was_found_out_is_as_old_as_the_claim(callers, clock, session):
    header = bearer(session)
    claimed = callers.claimed(header)
    claimed.claim.is_live = True
    clock.at += MEMORY_S
    await confirmed(callers, header, claimed)

    assert await counted(callers.of(header)) == (Caller(session), 1)


@pytest.mark.parametrize("header", [None, "", "Bearer", "Basic YW5uOnBhc3M=", "Bearer a b"])
async def test_nothing_is_claimed_by_a_bad_header(callers, header):
    claimed = callers.claimed(header)

    assert claimed.claim is None
    assert await counted(callers.of(header)) == (claimed, 0)
    assert await counted(confirmed(callers, header, claimed)) == (claimed, 0)


async def test_a_token_that_ran_out_says_what_to_do(callers, session):
    past = Tokens(
        "a secret of at least 32 characters",
        access_ttl=timedelta(minutes=15),
        clock=lambda: datetime.now(UTC) - timedelta(minutes=15),
    )

    assert await callers.of(bearer(session, past)) == Caller(
        refused="the access token has expired; refresh the session"
    )


async def test_a_token_that_names_another_user_than_the_session_has_is_refused(callers, session):
    mixed = replace(session, user_id=UserId(uuid4()))

    assert await callers.of(bearer(mixed)) == ENDED
    assert await callers.of(bearer(session)) == Caller(session)


async def test_the_database_is_asked_once_in_a_while(callers, clock, session):
    assert await counted(callers.of(bearer(session))) == (Caller(session), 1)
    assert await counted(callers.of(bearer(session))) == (Caller(session), 0)
    clock.at += MEMORY_S
    assert await counted(callers.of(bearer(session))) == (Caller(session), 1)


async def test_many_requests_at_once_ask_the_database_once(callers, session):
    header = bearer(session)

    async def many():
        return await asyncio.gather(*(callers.of(header) for _ in range(50)))

    answers, asked = await counted(many())

    assert answers == [Caller(session)] * 50
    assert asked == 1


async def test_logging_out_counts_at_once_in_the_process_that_did_it(database, callers, session):
    assert await callers.of(bearer(session)) == Caller(session)
    await end(database, session)
    callers.forget(session)

    assert await callers.of(bearer(session)) == ENDED


async def test_logging_out_counts_in_another_process_within_the_memory(
    database, callers, clock, session
):
    other = Callers(database, TOKENS, clock=clock)
    assert await other.of(bearer(session)) == Caller(session)
    await end(database, session)
    callers.forget(session)

    clock.at += MEMORY_S
    assert await other.of(bearer(session)) == ENDED
    assert MEMORY_S < 1


async def test_what_is_known_of_an_ended_session_is_remembered_too(database, callers, session):
    await end(database, session)

    assert await counted(callers.of(bearer(session))) == (ENDED, 1)
    assert await counted(callers.of(bearer(session))) == (ENDED, 0)


async def test_a_session_that_ran_out_is_over_before_its_access_token(database, callers, session):
    async with database.begin() as tx:
        await tx.execute(
            text("update sessions set expires_at = now() where id = :id"), {"id": session.id}
        )

    assert await callers.of(bearer(session)) == ENDED


async def test_an_answer_on_its_way_during_the_logout_is_not_remembered(
    monkeypatch, database, callers, session
):
    reached, go_on = asyncio.Event(), asyncio.Event()
    live = sessions.live

    async def slow(connection, ids):
        found = await live(connection, ids)
        reached.set()
        await go_on.wait()
        return found

    monkeypatch.setattr(sessions, "live", slow)
    early = asyncio.create_task(callers.of(bearer(session)))
    await reached.wait()
    await end(database, session)
    callers.forget(session)
    go_on.set()

    assert await early == Caller(session)
    assert await callers.of(bearer(session)) == ENDED


async def test_who_gives_up_does_not_take_the_answer_from_the_others(monkeypatch, callers, session):
    reached, go_on = asyncio.Event(), asyncio.Event()
    live = sessions.live

    async def slow(connection, ids):
        reached.set()
        await go_on.wait()
        return await live(connection, ids)

    monkeypatch.setattr(sessions, "live", slow)
    first = asyncio.create_task(callers.of(bearer(session)))
    await reached.wait()
    second = asyncio.create_task(callers.of(bearer(session)))
    await asyncio.sleep(0)
    first.cancel()
    go_on.set()

    assert await second == Caller(session)


async def test_a_database_out_of_reach_is_not_taken_for_an_ended_session(
    monkeypatch, callers, session
):
    async def fail(_connection, _ids):
        raise Unavailable("gone")

    with monkeypatch.context() as patched:
        patched.setattr(sessions, "live", fail)
        with pytest.raises(Unavailable):
            await callers.of(bearer(session))

    assert await callers.of(bearer(session)) == Caller(session)


async def test_the_memory_is_bounded(database, ann, clock):
    callers = Callers(database, TOKENS, clock=clock, most=2)
    async with database.begin() as tx:
        made = [
            await sessions.begin(tx, ann.key, TOKENS.first_refresh(), timedelta(days=1))
            for _ in range(3)
        ]
    for session in made:
        await callers.of(bearer(session))

    assert list(callers._known) == [session.id for session in made[1:]]
    assert callers._asking == {}


async def test_different_sessions_ask_together(database, callers, ann, monkeypatch):
    async with database.begin() as tx:
        made = [
            await sessions.begin(tx, ann.key, TOKENS.first_refresh(), timedelta(days=1))
            for _ in range(5)
        ]
    await end(database, made[3])
    asked, live = [], sessions.live

    async def noted(connection, ids):
        asked.append(ids)
        return await live(connection, ids)

    monkeypatch.setattr(sessions, "live", noted)
    answers = await asyncio.gather(*(callers.of(bearer(session)) for session in made))

    assert answers == [ENDED if session == made[3] else Caller(session) for session in made]
    assert asked == [[session.id for session in made]]
