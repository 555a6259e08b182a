"""`python -m bench.images`: the variants worker beside sharp, by CPU, bytes and likeness."""

import asyncio
import io
import json
import statistics
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from PIL import Image, ImageOps, features

from bench import machine, results
from bench.formats import likeness
from tests.images.colours import mean_difference
from workers.images import Studio, pixels
from workers.images.ladder import LADDER

CORPUS = machine.ROOT.parent / "shared" / "corpus" / "photos"
PICTURES = ("camera_large.jpg", "phone_iphone.jpg")
CHILD = Path(__file__).parent / "webp_child.py"
ROUNDS = 5
TIMES = 3

Work = Callable[[Path, int], Awaitable[dict[str, bytes]]]


def main() -> None:
    """Measure, print and keep."""
    with tempfile.TemporaryDirectory() as folder:
        sources = _sources(Path(folder))
        pictures = asyncio.run(_compared(sources, Path(folder)))
    results.keep(
        "images", "python -m bench.images", {"versions": _versions(), "pictures": pictures}
    )
    for name, ways in pictures.items():
        for way, found in ways.items():
            print(name, way, found)


def made() -> bytes:
    """A 12-megapixel JPEG with grain, edges and smooth parts, the same each time."""
    size = (4000, 3000)
    chance = Image.radial_gradient("L").resize(size, Image.Resampling.BICUBIC)
    bands = [
        Image.linear_gradient("L").resize(size).rotate(40 * turn, fillcolor=90 + 30 * turn)
        for turn in range(3)
    ]
    tiles = Image.frombytes("L", (64, 48), bytes(n * n * 7 % 251 for n in range(64 * 48)))
    detail = tiles.resize(size, Image.Resampling.BICUBIC)
    picture = Image.merge("RGB", [Image.composite(band, detail, chance) for band in bands])
    stream = io.BytesIO()
    picture.save(stream, "JPEG", quality=92)
    return stream.getvalue()


def _sources(folder: Path) -> dict[str, Path]:
    own = folder / "made.jpg"
    own.write_bytes(made())
    theirs = {name: CORPUS / name for name in PICTURES if (CORPUS / name).exists()}
    return theirs | {"made.jpg": own}


WAYS = ("picshare", "picshare, JPEG too", "sharp, each", "sharp, cascade")


async def _compared(sources: dict[str, Path], folder: Path) -> dict[str, Any]:
    command = (sys.executable, "-I", str(CHILD))
    with _sharp() as sharp:
        async with Studio(children=1, command=command) as webp, Studio(children=1) as both:
            made_by = (
                partial(_by_us, webp),
                partial(_by_us, both),
                partial(_by_sharp, sharp, folder, "each"),
                partial(_by_sharp, sharp, folder, "cascade"),
            )
            ways = dict(zip(WAYS, made_by, strict=True))
            return {name: await _figures(ways, path) for name, path in sources.items()}


async def _by_us(studio: Studio, path: Path, times: int) -> dict[str, bytes]:
    data = await asyncio.to_thread(path.read_bytes)
    rendered = [await studio.render(data) for _ in range(times)][-1]
    return {
        picture.name: picture.data
        for picture in rendered.pictures
        if picture.content_type == "image/webp"
    }


async def _by_sharp(
    sharp: subprocess.Popen[str], folder: Path, way: str, path: Path, times: int
) -> dict[str, bytes]:
    assert sharp.stdin
    assert sharp.stdout
    order = {"way": way, "path": str(path), "times": times, "folder": str(folder)}
    sharp.stdin.write(json.dumps(order) + "\n")
    sharp.stdin.flush()
    if sharp.stdout.readline().strip() != "done":
        raise RuntimeError("sharp ended")
    return {name: (folder / f"{name}.webp").read_bytes() for name in LADDER}


@contextmanager
def _sharp() -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        [machine.node(), "src/variants.js"],
        cwd=machine.PEERS,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        yield process
        assert process.stdin
        process.stdin.close()


async def _figures(ways: Mapping[str, Work], path: Path) -> dict[str, Any]:
    """What each way takes for one picture, in turns, and how like the source its variants are."""
    made_by = {name: await work(path, 1) for name, work in ways.items()}
    taken = defaultdict[str, list[float]](list)
    for turn in range(ROUNDS):
        names = list(ways)
        for name in names[turn % len(names) :] + names[: turn % len(names)]:
            before = machine.cpu_s_with_children()
            await ways[name](path, TIMES)
            taken[name].append((machine.cpu_s_with_children() - before) / TIMES)
    references = _references(path)
    return {
        name: {
            "cpu_ms": round(1000 * statistics.median(taken[name])),
            "sizes": {rung: _quality(data, references[rung]) for rung, data in made.items()},
        }
        for name, made in made_by.items()
    }


def _references(path: Path) -> dict[str, Image.Image]:
    """Every size by Lanczos from the whole source."""
    with Image.open(path) as opened:
        source = ImageOps.exif_transpose(opened).convert("RGB")
    sizes = {name: pixels.fitting(source.size, edge) for name, edge in LADDER.items()}
    return {name: source.resize(size, Image.Resampling.LANCZOS) for name, size in sizes.items()}


def _quality(data: bytes, reference: Image.Image) -> dict[str, float]:
    with Image.open(io.BytesIO(data)) as opened:
        image = opened.convert("RGB")
    if image.size != reference.size:
        raise ValueError(f"{image.size} is not {reference.size}")
    return {
        "bytes": len(data),
        "likeness": round(likeness(reference, image), 4),
        "delta_e": round(mean_difference(reference, image), 3),
    }


def _versions() -> str:
    peers = json.loads((machine.PEERS / "package.json").read_text())["dependencies"]
    webp, turbo = features.version("webp"), features.version("libjpeg_turbo")
    decoding = f"{machine.installed('pillow')} (libwebp {webp}, libjpeg-turbo {turbo})"
    ours = f"{decoding}, {machine.installed('pyvips-binary')}"
    return f"{ours}, sharp {peers['sharp']}, Node {machine.node_version()}"


if __name__ == "__main__":
    main()
