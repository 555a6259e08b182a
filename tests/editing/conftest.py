"""What the tests of editing share: a worker, its jobs, and what owners do."""

import pytest
import pytest_asyncio

from tests.editing.operations import DELETE, UPDATE
from tests.storing import (
    Jobs,
)
from workers.images import Limits, Studio
from workers.variants import Workshop

URLS = "query($id: ID!) { node(id: $id) { ... on Photo { variants { name url } } } }"


HIDE = """
mutation($is: Boolean) { updateProfile(input: {isPrivate: $is}) { errors { code } } }
"""


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
def urls(ask):
    async def urls(photo, viewer=None):
        node = (await ask(URLS, viewer=viewer, id=photo.id))["node"]
        return {each["name"]: each["url"] for each in node["variants"]} if node else None

    return urls


@pytest.fixture
def fetched(client, settings):
    """The status and the bytes at an address that the API gave."""

    async def fetched(url):
        answer = await client.get(url.removeprefix(settings.api_url))
        return answer.status_code, answer.content

    return fetched


@pytest.fixture
def change(ask):
    async def change(viewer, photo, **input):
        return (await ask(UPDATE, viewer=viewer, input={"id": photo.id, **input}))["updatePhoto"]

    return change


@pytest.fixture
def show(change):
    async def show(photo, owner, to):
        answer = await change(owner, photo, visibility=to)
        assert (answer["photo"]["visibility"], answer["errors"]) == (to, [])

    return show


@pytest.fixture
def hide(ask):
    async def hide(owner, *, is_private):
        answer = await ask(HIDE, viewer=owner, **{"is": is_private})
        assert answer["updateProfile"]["errors"] == []

    return hide


@pytest.fixture
def delete(ask):
    async def delete(viewer, photo):
        return (await ask(DELETE, viewer=viewer, id=photo.id))["deletePhoto"]

    return delete
