"""The pictures of others, the studio that renders them, and a few made here."""

import io
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from PIL import Image

from workers.images import Studio

CORPUS = Path(__file__).parents[3] / "shared" / "corpus"


@pytest.fixture(scope="session")
def corpus() -> Path:
    if not CORPUS.is_dir():
        pytest.skip("the pictures of ../shared/corpus are not here")
    return CORPUS


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def studio() -> AsyncIterator[Studio]:
    async with Studio(children=2) as opened:
        yield opened


@pytest.fixture(scope="session")
def scene() -> Image.Image:
    """Smooth colours with a different one in each corner, 600 by 400."""
    corners = Image.new("RGB", (2, 2))
    corners.putdata([(200, 60, 40), (60, 160, 80), (40, 80, 180), (220, 210, 120)])
    return corners.resize((600, 400), Image.Resampling.BICUBIC)


@pytest.fixture(scope="session")
def photo(scene: Image.Image) -> bytes:
    encoded = io.BytesIO()
    scene.save(encoded, "JPEG", quality=92)
    return encoded.getvalue()
