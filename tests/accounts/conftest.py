"""Accounts from the header to the answer."""

import pytest
import pytest_asyncio
from sqlalchemy import func, select

from resolvers.context import Client, Context
from resolvers.graph import schema
from server import parts as assembly
from server.auth.passwords import Passwords
from storage.tables import metadata
from tests.accounts.mailing import Mailbox
from tests.accounts.operations import LOG_IN, PASSWORD, REFRESH, SIGN_UP, account

NOWHERE = Client()


@pytest.fixture
def mailbox(database, tmp_path):
    return Mailbox(database, tmp_path / "mails")


@pytest_asyncio.fixture
async def parts(settings, database):
    built = assembly.build(settings)
    yield built
    built.passwords.close()
    await built.database.close()


@pytest.fixture
def send(parts):
    """Sends an operation with an Authorization header; answers its data and its errors."""

    async def send(query, authorization=None, client=NOWHERE, **variables):
        caller = await parts.callers.of(authorization)
        context = Context(parts, caller, client)
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
    async def log_in(login, password=PASSWORD, **more):
        data, errors = await send(LOG_IN, login=login, password=password, **more)
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
def nothing_hashed(monkeypatch):
    """From now on a password that is hashed or checked fails the test."""
    monkeypatch.setattr(Passwords, "hashed", lambda *_: pytest.fail("it was hashed"))
    monkeypatch.setattr(Passwords, "match", lambda *_: pytest.fail("it was checked"))
