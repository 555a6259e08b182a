"""What the tests of uploads share: a client, and a worker."""

import httpx
import pytest
import pytest_asyncio

from tests.uploads.desk import Desk, patient
from workers.images import Limits, Studio
from workers.variants import Workshop


@pytest_asyncio.fixture
async def desk(ask):
    async with httpx.AsyncClient() as http:
        yield Desk(patient(ask), http)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def studio():
    async with Studio(Limits(), children=1) as opened:
        yield opened


@pytest.fixture
def workshop(database, objects, studio):
    return Workshop(database, objects, studio)
