"""What the tests of profiles share: people with passwords, uploads that arrived, a worker."""

import hashlib
import io
from dataclasses import dataclass

import httpx
import pytest
import pytest_asyncio
from PIL import Image
from sqlalchemy import text

from schema.nodes import global_id, parsed
from storage import uploads
from storage.rows import UploadRow
from storage.uploads import Promise
from tests.making import LONG, Person
from tests.profiles.operations import PASSWORD, SIGN_UP
from tests.storing import Jobs
from workers.images import Limits, Studio
from workers.variants import Workshop


@dataclass(frozen=True, slots=True)
class Arrived:
    """An upload whose bytes are in the store."""

    id: str
    row: UploadRow
    data: bytes


def picture(color: str = "teal", size: tuple[int, int] = (640, 480)) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", size, color).save(file, "JPEG")
    return file.getvalue()


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def studio():
    async with Studio(Limits(), children=1) as opened:
        yield opened


@pytest.fixture
def workshop(database, objects, studio):
    return Workshop(database, objects, studio)


@pytest_asyncio.fixture
async def jobs(database, workshop):
    return await Jobs.from_now_on(database, workshop)


@pytest.fixture
def arrived(database, objects):
    async def arrived(owner: Person, data: bytes | None = None, *, filename=None) -> Arrived:
        data = picture() if data is None else data
        digest = hashlib.sha256(data).digest()
        promise = Promise("image/jpeg", len(data), digest, filename)
        async with database.begin() as tx:
            row = await uploads.add(tx, owner.key, promise, None, upload_ttl=LONG, publish_ttl=LONG)
        await objects.write(row.staging_key, data, "image/jpeg")
        return Arrived(global_id("upload", row.id), row, data)

    return arrived


@pytest.fixture
def fetched(client, settings):
    """The answer at an address that the API gave."""

    async def fetched(url: str) -> httpx.Response:
        return await client.get(url.removeprefix(settings.api_url))

    return fetched


@pytest.fixture
def signed_up(ask, database):
    """Someone who came by the front door, with a password."""

    async def signed_up(username: str) -> Person:
        address = {"email": f"{username}@example.org", "password": PASSWORD}
        answer = (await ask(SIGN_UP, input={"username": username} | address))["signUp"]
        assert answer["errors"] == []
        # The mail that greets them is another test's.
        async with database.begin() as tx:
            await tx.execute(text("delete from pgqueuer where entrypoint = 'send_mail'"))
        session = answer["session"]
        id = session["user"]["id"]
        return Person(id, _key(id), username, session["accessToken"])

    return signed_up


def _key(id: str):
    found = parsed(id)
    assert found is not None
    return found[1]
