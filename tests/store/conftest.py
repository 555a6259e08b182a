"""The store as clients reach it, and as the server does."""

import httpx
import pytest

from storage.objects import Bucket


@pytest.fixture
def bucket(settings):
    return Bucket(
        settings.s3_endpoint,
        settings.s3_endpoint,
        settings.s3_access_key,
        settings.s3_secret_key.get_secret_value(),
        settings.s3_bucket,
        settings.s3_region,
    )


@pytest.fixture
async def http():
    async with httpx.AsyncClient(timeout=20) as opened:
        yield opened
