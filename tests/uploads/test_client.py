"""Our own client sends a large file in parts, and goes on where it was broken off."""

import httpx
import pytest
import pytest_asyncio
from sqlalchemy import select

from server.app import create_app
from server.client.accounts import Account
from server.client.api import Api
from server.client.retries import Patience, Transient
from server.client.uploads import Draft, announced, share
from storage.tables import uploads
from tests.storing import picture
from tests.uploads.desk import ORIGINAL, PART

AT_ONCE = Patience(attempts=2, first_delay_s=0.0, longest_delay_s=0.0)


class Line(httpx.AsyncBaseTransport):
    """To an application in this process and to a store beside it; may break at the store."""

    def __init__(self, app):
        self.api, self.store = httpx.ASGITransport(app), httpx.AsyncHTTPTransport()
        self.sent = []
        self.breaks_at = None

    async def handle_async_request(self, request):
        if request.url.host == "api":
            return await self.api.handle_async_request(request)
        number = request.url.params.get("partNumber")
        if number is not None and number == self.breaks_at:
            raise httpx.WriteError("broken")
        self.sent.append(number)
        return await self.store.handle_async_request(request)

    async def aclose(self):
        await self.store.aclose()


@pytest_asyncio.fixture
async def line(settings, database, objects):
    app = create_app(settings.model_copy(update={"upload_part_bytes": PART}))
    async with app.lifespan():
        yield Line(app)


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "large.jpg"
    path.write_bytes(picture() + bytes(2 * PART))
    return path


async def test_it_goes_on_after_a_broken_connection(line, database, ann, file):
    moved = []
    async with httpx.AsyncClient(transport=line, timeout=60) as http:
        api = Api(http, "http://api/graphql", AT_ONCE)
        session = {
            "user": {"id": ann.id, "username": ann.username},
            "accessToken": ann.token,
            "refreshToken": "-",
        }
        account = Account(api, session, "-")
        announcement = await announced(file)
        line.breaks_at = "2"
        with pytest.raises(Transient, match="broken"):
            await share(account, announcement, Draft("Large"), moved.append)
        assert (line.sent, moved) == (["1"], [PART])
        line.breaks_at = None
        moved.clear()

        shared = await share(account, announcement, Draft("Large"), moved.append)

        assert shared.was_sent
        assert line.sent == ["1", "2", "3"]
        assert moved == [PART, PART, announcement.byte_size - 2 * PART]
        again = await share(account, announcement, Draft("Large"), moved.append)
        assert (again.photo_id, again.was_sent) == (shared.photo_id, False)
        answer = await account.ask(ORIGINAL, id=shared.photo_id)
        assert (await http.get(answer["node"]["originalUrl"])).content == file.read_bytes()
    async with database.connect() as connection:
        query = select(uploads.c.part_bytes).where(uploads.c.user_id == ann.key)
        assert (await connection.execute(query)).scalars().all() == [PART]
