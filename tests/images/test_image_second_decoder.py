"""Every kind of picture looks as it does in a browser, which decodes and converts by itself."""

import base64
import io

import pytest
import pytest_asyncio
from PIL import Image, PngImagePlugin

from tests.browser.chromium import chromium, executable
from tests.images.colours import difference, mean_difference
from tests.images.test_image_colours import ADOBE_RGB, DISPLAY_P3, profile
from tests.images.test_image_corpus import EXPECTED
from workers.images import Limits, pixels
from workers.images.ladder import render

# A trained eye sees 1; this is the mean of a whole picture.
MOST = 2.0
EDGE = 256
# Small, and of saturated reds, of which encoders keep a quarter of the colour: 2.9 by that alone.
HARD = {"odd/cmyk.jpg": 3.5}
OTHERWISE = {
    "odd/orientation_6.webp": "Chromium does not turn a WebP; other tests see that we do",
    "odd/png_16bit.png": "Chromium plays the animation, of which the still picture is no part",
    "odd/png_palette_alpha.png": "Chromium plays the animation, too",
}
DRAWN = """
(async () => {
  const image = new Image();
  image.src = "data:application/octet-stream;base64,%s";
  await image.decode();
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [%d, %d];
  const context = canvas.getContext("2d", {colorSpace: "srgb"});
  context.fillStyle = "white";
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.imageSmoothingQuality = "high";
  context.drawImage(image, 0, 0, canvas.width, canvas.height);
  const bytes = context.getImageData(0, 0, canvas.width, canvas.height).data;
  let text = "";
  for (let at = 0; at < bytes.length; at += 8192)
    text += String.fromCharCode(...bytes.subarray(at, at + 8192));
  return [image.naturalWidth, image.naturalHeight, btoa(text)];
})()
"""


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def browser(tmp_path_factory):
    if executable() is None:
        pytest.skip("no Chromium on this machine; PICSHARE_TEST_CHROMIUM can name one")
    async with chromium(str(tmp_path_factory.mktemp("chromium"))) as tab:
        yield tab


def made(scene: Image.Image) -> dict[str, tuple[Image.Image, str, dict]]:
    """One picture of each kind that a decoder must know: the picture, its format, how to save."""
    gray, alpha = scene.convert("L"), Image.linear_gradient("L").resize(scene.size)
    translucent = scene.copy()
    translucent.putalpha(alpha)
    high = Image.new("I;16", scene.size)
    high.putdata([level * 257 for level in gray.get_flattened_data()])
    linear = PngImagePlugin.PngInfo()
    linear.add(b"gAMA", (100_000).to_bytes(4, "big"))
    p3, adobe = profile(DISPLAY_P3), profile(ADOBE_RGB)
    return {
        "CMYK, inverted as Adobe does": (scene.convert("CMYK"), "JPEG", {"quality": 95}),
        "gray JPEG": (gray, "JPEG", {"quality": 95}),
        "16 bits, gray": (high, "PNG", {}),
        "gamma 1.0": (scene, "PNG", {"pnginfo": linear}),
        "gray with alpha": (Image.merge("LA", (gray, alpha)), "PNG", {}),
        "alpha": (translucent, "PNG", {}),
        "palette": (scene.quantize(64), "PNG", {}),
        "palette with alpha": (translucent.quantize(64), "PNG", {}),
        "palette, GIF": (scene.quantize(64), "GIF", {}),
        "Display P3, JPEG": (scene, "JPEG", {"quality": 95, "icc_profile": p3}),
        "Display P3, PNG": (scene, "PNG", {"icc_profile": p3}),
        "Display P3, WebP": (scene, "WEBP", {"quality": 95, "icc_profile": p3}),
        "Adobe RGB, JPEG": (scene, "JPEG", {"quality": 95, "icc_profile": adobe}),
        "Adobe RGB, PNG": (scene, "PNG", {"icc_profile": adobe}),
        "Adobe RGB, AVIF": (scene, "AVIF", {"quality": 95, "icc_profile": adobe, "speed": 10}),
    }


async def distances(browser, data: bytes) -> tuple[float, ...]:
    """How far the largest variant of each format is from what the browser shows."""
    rendered = render(data, Limits())
    size = pixels.fitting((rendered.width, rendered.height), EDGE)
    script = DRAWN % (base64.b64encode(data).decode(), *size)
    width, height, drawn = await browser.run(script)
    assert (rendered.width, rendered.height) == (width, height)
    reference = Image.frombytes("RGBA", size, base64.b64decode(drawn))
    return tuple(
        mean_difference(_small(picture.data, size), reference)
        for picture in (rendered.pictures[2], rendered.pictures[5])
    )


def _small(data: bytes, size: tuple[int, int]) -> Image.Image:
    with Image.open(io.BytesIO(data)) as image:
        shown = pixels.on_white(image.convert("RGBA" if image.has_transparency_data else "RGB"))
    return shown.resize(size, Image.Resampling.BOX)


def require_alike(name: str, found: tuple[float, ...], most: float = MOST) -> None:
    print(f"{name:32} WebP {found[0]:.2f}  JPEG {found[1]:.2f}")  # noqa: T201 - The measured figure.
    assert max(found) <= most


@pytest.mark.parametrize("kind", list(made(Image.new("RGB", (8, 8)))))
async def test_a_kind_of_picture_looks_as_in_a_browser(browser, scene, kind):
    image, format, options = made(scene)[kind]
    stream = io.BytesIO()
    image.save(stream, format, **options)

    require_alike(kind, await distances(browser, stream.getvalue()))


@pytest.mark.torture
@pytest.mark.parametrize("name", [name for name, ended in EXPECTED.items() if ended == "READY"])
async def test_a_picture_of_the_corpus_looks_as_in_a_browser(browser, corpus, name):
    if name in OTHERWISE:
        pytest.skip(OTHERWISE[name])

    found = await distances(browser, (corpus / name).read_bytes())

    require_alike(name, found, HARD.get(name, MOST))


@pytest.mark.parametrize(
    ("one", "other", "wanted"),
    [
        ((50, 2.6772, -79.7751), (50, 0, -82.7485), 2.0425),
        ((50, -1.3802, -84.2814), (50, 0, -82.7485), 1.0000),
        ((50, 2.5, 0), (73, 25, -18), 27.1492),
        ((50, 2.4900, -0.0010), (50, -2.4900, 0.0011), 7.2195),
        ((22.7233, 20.0904, -46.6940), (23.0331, 14.9730, -42.5619), 2.0373),
        ((2.0776, 0.0795, -1.1350), (0.9033, -0.0636, -0.5514), 0.9082),
    ],
)
def test_differences_are_those_of_the_paper(one, other, wanted):
    assert difference(one, other) == pytest.approx(wanted, abs=5e-5)
