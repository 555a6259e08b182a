"""Which bytes are a picture we open, and what opening them will cost."""

import contextlib
import importlib
import io
import warnings
from collections.abc import Iterator
from typing import Literal

from PIL import AvifImagePlugin, Image, JpegImagePlugin, PngImagePlugin

from workers.images import jpeg
from workers.images.results import Limits, Rejected

# They register themselves, and a confined child can no longer open the files they lie in.
for _plugin in ("GifImagePlugin", "MpoImagePlugin", "WebPImagePlugin"):
    importlib.import_module(f"PIL.{_plugin}")

# A child has one processor's worth of time and no right to threads.
AvifImagePlugin.DEFAULT_MAX_THREADS = 1

try:
    import pillow_heif
except ImportError:
    HAS_HEIF = False
else:
    HAS_HEIF = True
    pillow_heif.options.DECODE_THREADS = 1
    pillow_heif.register_heif_opener()

Format = Literal["JPEG", "PNG", "WEBP", "GIF", "AVIF", "HEIF"]

_HEIC_BRANDS = {b"heic", b"heix", b"heim", b"heis"}
_AVIF_BRANDS = {b"avif", b"avis"}
_LONGEST_EDGE = 65_535
_MOST_SCANS = 100
# An idle child, the reduced copy and the encoder; the rest is for the decoder.
_RESERVE_BYTES = 96 * 1024**2
# Measured: libwebp holds two canvases and two copies, libavif planes, an interleaved copy and ours.
_BYTES_PER_PIXEL: dict[Format, int] = {"WEBP": 18, "AVIF": 16, "HEIF": 16}


def sniffed(data: bytes) -> Format:
    """The format that the content of *data* announces; Rejected if we do not take it."""
    if data.startswith(b"\xff\xd8\xff"):
        return "JPEG"
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return "PNG"
    if data.startswith((b"GIF87a", b"GIF89a")):
        return "GIF"
    if data.startswith(b"RIFF") and data[8:12] == b"WEBP":
        return "WEBP"
    if data[4:8] == b"ftyp":
        return _sniffed_brand(data)
    raise _unsupported()


def _sniffed_brand(data: bytes) -> Format:
    box = data[8 : min(int.from_bytes(data[:4], "big"), 1024)]
    brands = {box[at : at + 4] for at in range(0, len(box), 4)}
    if brands & _AVIF_BRANDS:
        return "AVIF"
    if HAS_HEIF and brands & _HEIC_BRANDS:
        return "HEIF"
    raise _unsupported()


def opened(data: bytes, limits: Limits) -> Image.Image:
    """The picture in *data*, its header read and found affordable, its pixels not yet decoded.

    Pillow's own limit is set on the way, for the whole process: some of its decoders
    allocate before we see the size.
    """
    name = sniffed(data)
    room = max(limits.memory_bytes - _RESERVE_BYTES - len(data), 0)
    most = min(limits.max_pixels, room // _BYTES_PER_PIXEL.get(name, 1))
    # Pillow refuses at twice its limit.
    Image.MAX_IMAGE_PIXELS = (most + 1) // 2
    try:
        image = Image.open(io.BytesIO(data), formats=[name])
    except Image.DecompressionBombError:
        raise too_many_pixels(most) from None
    except MemoryError:
        raise
    except Exception as error:  # Parsers of broken headers raise whatever they stumble over.
        raise corrupt() from error
    _require_affordable(image, data, most, room)
    return image


@contextlib.contextmanager
def quietly_opened(data: bytes, limits: Limits) -> Iterator[Image.Image]:
    """Like `opened`, closed at the end."""
    with warnings.catch_warnings():
        # Pillow warns of metadata it skips, which is what we want of it.
        warnings.simplefilter("ignore")
        with opened(data, limits) as original:
            yield original


def decode(original: Image.Image, size: tuple[int, int]) -> None:
    """Decode the pixels, at *size* or larger; Rejected if they are broken."""
    try:
        # Only a JPEG can decode to a half, quarter or eighth; the others ignore this.
        original.draft(None, size)
        original.load()
    except MemoryError:
        raise
    except Image.DecompressionBombError:
        raise too_many_pixels(2 * (Image.MAX_IMAGE_PIXELS or 0)) from None
    except Exception as error:  # Decoders of broken pixels raise whatever they stumble over.
        raise corrupt() from error


def _require_affordable(image: Image.Image, data: bytes, most: int, room: int) -> None:
    if not image.width or not image.height:
        raise corrupt()
    pixels = image.width * image.height
    if pixels > most:
        raise too_many_pixels(most)
    if max(image.size) > _LONGEST_EDGE:
        raise Rejected(
            "TOO_MANY_PIXELS",
            f"the picture is {max(image.size):,} pixels long; the most is {_LONGEST_EDGE:,}",
        )
    cost = _decoding_bytes(image, data)
    if cost > room:
        raise too_many_pixels(pixels * room // cost)


def _decoding_bytes(image: Image.Image, data: bytes) -> int:
    pixels = image.width * image.height
    if isinstance(image, JpegImagePlugin.JpegImageFile):
        return _jpeg_bytes(image, data)
    if isinstance(image, PngImagePlugin.PngImageFile):
        return pixels * {"1": 1, "L": 1, "P": 1, "I;16": 2}.get(image.mode, 4)
    return pixels * _BYTES_PER_PIXEL.get(sniffed(data), 4)


def _jpeg_bytes(image: JpegImagePlugin.JpegImageFile, data: bytes) -> int:
    """What the decoder holds beside the pixels, which it scales down on the way."""
    found = jpeg.skeleton(data)
    if found.scans > _MOST_SCANS or not jpeg.is_whole(image, found):
        raise corrupt()
    if found.scans == 1 and "progressive" not in image.info:
        return 0
    return jpeg.coefficient_bytes(image)


def corrupt() -> Rejected:
    return Rejected("CORRUPT_IMAGE", "the picture is damaged or incomplete; export it once more")


def too_many_pixels(most: int) -> Rejected:
    return Rejected(
        "TOO_MANY_PIXELS",
        f"the picture has too many pixels; the most for its kind is {most:,}",
    )


def _unsupported() -> Rejected:
    kinds = "JPEG, PNG, WebP, GIF, AVIF or HEIC" if HAS_HEIF else "JPEG, PNG, WebP, GIF or AVIF"
    return Rejected("UNSUPPORTED_FORMAT", f"the file is not a picture we can read; send {kinds}")
