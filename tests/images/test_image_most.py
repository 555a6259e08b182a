"""What is found affordable from its header is: the largest picture of each kind ends READY."""

import pytest
from PIL import Image

from tests.images.test_image_ladder import encoded
from tests.images.test_image_mutations import ending
from workers.images import Studio

pytestmark = pytest.mark.torture


def made(mode: str, edge: int, share: float) -> Image.Image:
    """Of the given size, and so much of it noise."""
    picture = Image.new(mode, (edge, edge))
    rows = int(edge * share)
    for place in range(0, rows, 64):
        noise = Image.effect_noise((edge, 64), 90)
        picture.paste(Image.merge(mode, [noise] * len(mode)), (0, place))
    return picture


@pytest.mark.parametrize(
    ("kind", "mode", "edge", "share", "options"),
    [
        ("WEBP", "RGBA", 4910, 0, {"lossless": True, "method": 0, "quality": 0}),
        ("WEBP", "RGB", 4800, 0.1, {"lossless": True, "method": 0, "quality": 0}),
        ("AVIF", "RGB", 5200, 0.1, {"speed": 10}),
        ("AVIF", "RGBA", 5200, 0, {"speed": 10}),
        ("GIF", "L", 6100, 0.2, {}),
        ("PNG", "RGBA", 6143, 0.3, {"compress_level": 1}),
        ("PNG", "RGB", 9000, 0.15, {"compress_level": 1}),
        ("PNG", "RGBA", 9100, 0.1, {"compress_level": 1}),
        ("JPEG", "RGB", 9900, 0.3, {}),
        ("JPEG", "RGB", 6143, 0.5, {"progressive": True}),
    ],
)
async def test_what_is_affordable_is_made(kind, mode, edge, share, options, photo):
    data = encoded(made(mode, edge, share), kind, **options)
    async with Studio(children=1) as studio:
        assert await ending(studio, data) == "READY"
        # The heap that the first one left is no obstacle.
        assert await ending(studio, photo) == "READY"
        assert await ending(studio, data) == "READY"
