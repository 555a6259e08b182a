"""Size against CPU of the formats that variants could have, at the same likeness to the source.

.venv/bin/python bench/formats.py ../shared/corpus/photos
"""

import io
import sys
import time
from collections import defaultdict
from pathlib import Path

from PIL import Image, ImageMath

from workers.images import Limits, exif, formats, ladder, pixels

EDGES = {"THUMB": 320, "MEDIUM": 1080, "FULL": 2048}
CANDIDATES = {
    "WebP 80": ("WEBP", {"quality": 80, "method": 4}),
    **{
        f"JPEG {q}": ("JPEG", {"quality": q, "progressive": True, "optimize": True})
        for q in (75, 80, 85)
    },
    **{
        f"AVIF {q}, speed {s}": ("AVIF", {"quality": q, "speed": s, "max_threads": 1})
        for s in (10, 8, 6)
        for q in (50, 60, 70)
    },
}
BLOCK = 8
C1, C2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2


def likeness(one: Image.Image, other: Image.Image) -> float:
    """The mean structural similarity (Wang et al., 2004) of the lightness, in blocks of 8 by 8."""
    x, y = one.convert("L").convert("F"), other.convert("L").convert("F")
    mx, my = x.reduce(BLOCK), y.reduce(BLOCK)
    squares = [
        ImageMath.lambda_eval(lambda a: a["a"] * a["b"], a=a, b=b).reduce(BLOCK)
        for a, b in ((x, x), (y, y), (x, y))
    ]
    blocks = ImageMath.lambda_eval(
        lambda a: (
            (2 * a["mx"] * a["my"] + C1)
            * (2 * (a["xy"] - a["mx"] * a["my"]) + C2)
            / (a["mx"] * a["mx"] + a["my"] * a["my"] + C1)
            / (a["xx"] - a["mx"] * a["mx"] + a["yy"] - a["my"] * a["my"] + C2)
        ),
        mx=mx,
        my=my,
        xx=squares[0],
        yy=squares[1],
        xy=squares[2],
    )
    values: list[float] = blocks.get_flattened_data()
    return sum(values) / len(values)


def upright(path: Path) -> Image.Image:
    with formats.quietly_opened(path.read_bytes(), Limits()) as original:
        size = pixels.fitting(original.size, EDGES["FULL"])
        formats.decode(original, ladder.nearly(size))
        orientation = exif.orientation(original)
        small = pixels.shrunk(original, size)
        small = pixels.in_srgb(small, original.info)
    return pixels.bare(pixels.upright(small, orientation)).convert("RGB")


def main(folder: Path) -> None:
    found = defaultdict(list)
    for path in sorted(folder.glob("*.jpg")):
        image = upright(path)
        for rung, edge in EDGES.items():
            small = pixels.bare(pixels.shrunk(image, pixels.fitting(image.size, edge)))
            for label, (kind, options) in CANDIDATES.items():
                stream = io.BytesIO()
                began = time.process_time()
                small.save(stream, kind, **options)
                took = time.process_time() - began
                alike = likeness(small, Image.open(stream))
                found[rung, label].append((len(stream.getvalue()), took, alike))
    for (rung, label), figures in found.items():
        size, took, alike = (sum(column) / len(figures) for column in zip(*figures, strict=True))
        print(f"| {rung} | {label} | {size / 1000:.1f} kB | {took * 1000:.0f} ms | {alike:.4f} |")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
