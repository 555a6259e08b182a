"""What a file may be, told before one is sent."""

import pytest
from pydantic import ValidationError

from server.settings import Settings


async def test_the_limits_are_told_to_anybody(ask, settings):
    told = await ask("{ uploadLimits { maxBytes maxPixels contentTypes } }")

    kinds = ["avif", "gif", "heic", "jpeg", "png", "webp"]
    assert told["uploadLimits"] == {
        "maxBytes": settings.max_upload_bytes,
        "maxPixels": settings.max_pixels,
        "contentTypes": [f"image/{kind}" for kind in kinds],
    }


def test_no_limit_is_more_than_an_int_can_say():
    most = {"max_upload_bytes": 2**31 - 1, "max_pixels": 2**31 - 1}

    assert Settings(**most).max_pixels == 2**31 - 1
    for name, value in most.items():
        with pytest.raises(ValidationError):
            Settings(**{name: value + 1})
