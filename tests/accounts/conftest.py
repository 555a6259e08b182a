"""Accounts from the header to the answer, on a database of their own."""

import secrets
from datetime import timedelta

import pytest
import pytest_asyncio
import strawberry
from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import create_async_engine
from strawberry.schema.config import StrawberryConfig

from resolvers import sessions
from resolvers import users as people
from resolvers.context import Context, Parts, Rules
from resolvers.extend import extend
from resolvers.problems import answering
from schema.errors import InputError
from schema.scalars import SCALARS
from schema.sessions import Session
from schema.users import User
from server.auth.callers import Callers
from server.auth.passwords import Passwords
from server.auth.tokens import Tokens
from storage import users
from storage.database import Database
from storage.tables import metadata
from tests.accounts.operations import LOG_IN, PASSWORD, REFRESH, SIGN_UP, account
from tests.services import postgres_url  # noqa: F401

SECRET = "a secret of at least 32 characters"


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def database(postgres_url):  # noqa: F811
    engine = create_async_engine(postgres_url.replace("postgresql:", "postgresql+asyncpg:"))
    async with engine.begin() as connection:
        await connection.execute(text("create extension if not exists pg_trgm"))
        await connection.run_sync(metadata.create_all)
    await engine.dispose()
    database = Database(postgres_url)
    yield database
    await database.close()


@pytest.fixture
async def ann(database):
    name = f"ann{secrets.token_hex(6)}"
    async with database.begin() as tx:
        return await users.add(
            tx, username=name, email=f"{name}@example.org", password_hash="-", display_name=name
        )


@pytest.fixture(scope="session")
def schema():
    @strawberry.type
    class Query:
        @strawberry.field
        async def viewer_id(self, info: strawberry.Info) -> str | None:
            return info.context.viewer_id and info.context.viewer_id.hex

    @strawberry.type
    class Mutation:
        pass

    extend(Session, user=sessions.user)
    extend(User, photo_count=people.photo_count)
    extend(
        Mutation,
        sign_up=answering(sessions.sign_up),
        log_in=answering(sessions.log_in),
        refresh_session=answering(sessions.refresh),
        log_out=answering(sessions.log_out),
    )
    config = StrawberryConfig(scalar_map=SCALARS)
    return strawberry.Schema(Query, Mutation, types=[InputError], config=config)


@pytest.fixture
def parts(database):
    tokens = Tokens(SECRET, access_ttl=timedelta(minutes=15))
    passwords = Passwords(threads=2)
    yield Parts(
        database=database,
        objects=None,
        passwords=passwords,
        tokens=tokens,
        callers=Callers(database, tokens),
        rules=Rules(
            max_upload_bytes=1,
            upload_ttl=timedelta(1),
            publish_ttl=timedelta(1),
            original_url_ttl=timedelta(1),
            refresh_token_ttl=timedelta(days=30),
            refresh_grace=timedelta(seconds=10),
        ),
        media_url="",
    )
    passwords.close()


@pytest.fixture
def send(schema, parts):
    """Sends an operation with an Authorization header; answers its data and its errors."""

    async def send(query, authorization=None, **variables):
        caller = await parts.callers.of(authorization)
        context = Context(parts, caller)
        result = await schema.execute(query, variable_values=variables, context_value=context)
        return result.data, [error.message for error in result.errors or []]

    return send


@pytest.fixture
def sign_up(send):
    async def sign_up(**changed):
        data, errors = await send(SIGN_UP, input=account(**changed))
        assert errors == []
        return data["signUp"]

    return sign_up


@pytest.fixture
def log_in(send):
    async def log_in(login, password=PASSWORD):
        data, errors = await send(LOG_IN, login=login, password=password)
        assert errors == []
        return data["logIn"]

    return log_in


@pytest.fixture
def refresh(send):
    async def refresh(token, authorization=None):
        data, errors = await send(REFRESH, authorization, token=token)
        assert errors == []
        return data["refreshSession"]

    return refresh


@pytest.fixture
async def member(sign_up):
    """Someone who just signed up: their session."""
    return (await sign_up())["session"]


@pytest.fixture
def counts(database):
    """Asks for the number of rows of every table."""

    async def counts():
        async with database.connect() as connection:
            return {
                table.name: await connection.scalar(select(func.count()).select_from(table))
                for table in metadata.sorted_tables
            }

    return counts


@pytest.fixture
def nothing_hashed(monkeypatch, parts):
    """From now on a password that is hashed or checked fails the test."""
    monkeypatch.setattr(type(parts.passwords), "hashed", lambda *_: pytest.fail("it was hashed"))
    monkeypatch.setattr(type(parts.passwords), "match", lambda *_: pytest.fail("it was checked"))
