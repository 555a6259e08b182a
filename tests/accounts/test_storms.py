"""A hundred times the same token or code by many at once: one effect each time."""

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from server.auth.tokens import Tokens
from storage import mails, sessions
from storage.database import Database
from storage.rows import MailKind
from storage.tables import mails as mail_table
from storage.tables import refresh_tokens

ROUNDS = 100
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
