import asyncio
from types import SimpleNamespace

import pytest
import uvicorn

from server import graphiql
from tests.browser.chromium import chromium, executable
from tests.browser.toy import toy


@pytest.fixture
async def api():
    config = uvicorn.Config(toy(), port=0, log_level="warning", ws="none")
    server = uvicorn.Server(config)
    socket = config.bind_socket()
    serving = asyncio.create_task(server.serve([socket]))
    yield SimpleNamespace(url=f"http://127.0.0.1:{socket.getsockname()[1]}")
    server.should_exit = True
    await serving


@pytest.fixture
async def tab(tmp_path):
    """A browser tab that has seen nothing yet."""
    if executable() is None:
        pytest.skip("no Chromium on this machine; PICSHARE_TEST_CHROMIUM can name one")
    if graphiql.missing():
        pytest.skip(graphiql.missing())
    async with chromium(str(tmp_path / "profile")) as tab:
        yield tab
