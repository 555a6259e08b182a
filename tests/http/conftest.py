"""The HTTP surface: raw answers instead of data, and what the server logs meanwhile."""

import io
import json
import sys
from contextlib import asynccontextmanager

import httpx
import pytest

from server import logs
from server.app import create_app


@pytest.fixture
def post(client):
    """Posts a document with its variables; the whole response."""

    async def post(query, viewer=None, headers=None, **variables):
        authorization = {"Authorization": f"Bearer {viewer.token}"} if viewer else {}
        body = {"query": query, "variables": variables}
        return await client.post("/graphql", json=body, headers=authorization | (headers or {}))

    return post


@pytest.fixture
def serving(settings):
    """Serves with other settings: `async with serving(database_url=...) as client`."""

    @asynccontextmanager
    async def serving(**changed):
        app = create_app(settings.model_copy(update=changed))
        transport = httpx.ASGITransport(app)
        async with (
            app.lifespan(),
            httpx.AsyncClient(transport=transport, base_url="http://api") as opened,
        ):
            yield opened

    return serving


class Logged:
    """What was logged, as text and line by line."""

    def __init__(self, written):
        self._written = written

    @property
    def text(self):
        return self._written.getvalue()

    @property
    def lines(self):
        return [json.loads(line) for line in self.text.splitlines()]


@pytest.fixture
def logged(client, monkeypatch):
    written = io.StringIO()
    with monkeypatch.context() as patched:
        patched.setattr(sys, "stderr", written)
        logs.configure("json", "info")
    yield Logged(written)
    logs.configure("json", "info")
