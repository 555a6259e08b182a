import pytest

from server import graphiql
from tests.browser.chromium import chromium, executable


@pytest.fixture
def api(running):
    return running


@pytest.fixture
async def tab(tmp_path):
    """A browser tab that has seen nothing yet."""
    if executable() is None:
        pytest.skip("no Chromium on this machine; PICSHARE_TEST_CHROMIUM can name one")
    if graphiql.missing():
        pytest.skip(graphiql.missing())
    async with chromium(str(tmp_path / "profile")) as tab:
        yield tab
