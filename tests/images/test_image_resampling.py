"""libvips' filter gives what Pillow's gives, and what it left is not held for ever."""

import asyncio
import sys
from pathlib import Path

import pytest
import uvloop
from PIL import Image, ImageChops, ImageStat

from tests.images.test_image_costs import peak_bytes
from tests.images.test_image_faults import own_children, until
from tests.images.test_image_ladder import encoded
from workers.images import Studio, heap, resampling

RESTLESS = (sys.executable, "-I", str(Path(__file__).with_name("restless_child.py")))
SIZES = [(97, 61), (50, 40), (101, 67), (101, 20), (34, 23)]
MEBIBYTE = 2**20


@pytest.fixture
def picture(scene) -> Image.Image:
    alpha = Image.linear_gradient("L").resize((101, 67))
    colours = scene.convert("RGB").resize((101, 67))
    colours.putalpha(alpha)
    return colours


@pytest.mark.parametrize("mode", ["L", "LA", "RGB", "RGBA", "CMYK"])
@pytest.mark.parametrize("size", SIZES)
def test_it_is_the_filter_of_pillow(picture, mode, size):
    image = picture.convert("RGB").convert(mode) if mode == "CMYK" else picture.convert(mode)

    ours = resampling.shrunk(image, size)
    theirs = image.resize(size, Image.Resampling.BICUBIC)

    assert (ours.mode, ours.size) == (mode, size)
    difference = ImageStat.Stat(ImageChops.difference(seen(ours), seen(theirs)))
    assert max(difference.mean) <= 1.5


def seen(image: Image.Image) -> Image.Image:
    if image.mode in ("LA", "RGBA"):
        canvas = Image.new("RGBA", image.size, "#336699")
        return Image.alpha_composite(canvas, image.convert("RGBA")).convert("RGB")
    return image


def test_what_is_transparent_colours_nothing():
    image = Image.new("RGBA", (64, 64), (255, 0, 0, 0))
    image.paste((0, 0, 255, 255), (0, 0, 33, 64))

    smaller = resampling.shrunk(image, (20, 20))

    shown = [pixel for pixel in smaller.get_flattened_data() if pixel[3]]
    assert len(shown) >= 200
    assert {pixel[:3] for pixel in shown} == {(0, 0, 255)}


@pytest.mark.parametrize("may_close", [True, False])
def test_an_image_that_may_be_closed_is(picture, may_close):
    resampling.shrunk(picture, (20, 20), may_close=may_close)

    assert is_closed(picture) is may_close


def is_closed(image: Image.Image) -> bool:
    try:
        image.getpixel((0, 0))
    except ValueError:
        return True
    return False


# To uvloop's children their stdin is a socket, to asyncio's it is a pipe.
@pytest.mark.skipif(
    sys.platform != "linux" or not heap.CAN_GIVE_BACK, reason="only glibc gives memory back"
)
@pytest.mark.parametrize("loop", [asyncio.new_event_loop, uvloop.new_event_loop])
def test_a_child_without_work_gives_memory_back(scene, loop):
    async def rests() -> int:
        before, large = own_children(), encoded(scene.resize((3000, 2000)), "JPEG")
        async with Studio(children=1, command=RESTLESS) as studio:
            (child,) = own_children() - before
            at_rest = resident_bytes(child)
            await studio.render(large)
            await until(lambda: resident_bytes(child) - at_rest <= 16 * MEBIBYTE)
            return peak_bytes(child) - at_rest

    with asyncio.Runner(loop_factory=loop) as runner:
        assert runner.run(rests()) >= 40 * MEBIBYTE


def resident_bytes(pid: int) -> int:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS")) * 1024
