"""Where the CPU of one photo goes, and what the shortcuts cost in likeness.

.venv/bin/python bench/cascade.py ../shared/corpus/photos/camera_large.jpg
"""

import io
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

from PIL import Image

from bench.formats import likeness
from tests.images.colours import mean_difference
from workers.images import Limits, formats, ladder, pixels

RUNS = 5


def cpu_ms(work: Callable[[], object]) -> int:
    taken = []
    for _ in range(RUNS):
        began = time.process_time()
        work()
        taken.append(time.process_time() - began)
    return round(statistics.median(taken) * 1000)


def decoded(data: bytes, *, is_whole: bool = False) -> Image.Image:
    with formats.quietly_opened(data, Limits()) as original:
        enough = ladder.nearly(pixels.fitting(original.size, ladder.LADDER["FULL"]))
        formats.decode(original, original.size if is_whole else enough)
        return original.copy()


def main(path: Path) -> None:
    data = path.read_bytes()
    source, original = decoded(data), decoded(data, is_whole=True)
    sizes = [pixels.fitting(original.size, edge) for edge in ladder.LADDER.values()]
    full = pixels.bare(pixels.shrunk(source, sizes[2]))
    medium = pixels.shrunk(full, sizes[1])
    thumb = pixels.shrunk(medium, sizes[0])
    print("whole", cpu_ms(lambda: ladder.render(data, Limits())), "ms")
    print("decode", cpu_ms(lambda: decoded(data)), "ms")
    print("shrink", cpu_ms(lambda: pixels.shrunk(source, sizes[2])), "ms")
    print("WebP", cpu_ms(lambda: [ladder.webp(each) for each in (full, medium, thumb)]), "ms")
    print("JPEG", cpu_ms(lambda: [ladder.jpeg(each) for each in (full, medium, thumb)]), "ms")
    for image in (full, medium, thumb):
        straight = original.convert("RGB").resize(image.size, Image.Resampling.LANCZOS)
        far, alike = mean_difference(straight, image), likeness(straight, image)
        print(image.size, f"from the source itself: dE2000 {far:.2f}, likeness {alike:.4f}")
    first = ladder.render(data, Limits()).pictures[2].data
    one, two = (
        Image.open(io.BytesIO(each)).convert("RGB")
        for each in (first, ladder.render(first, Limits()).pictures[2].data)
    )
    far, alike = mean_difference(one, two), likeness(one, two)
    print(f"a second generation: dE2000 {far:.2f}, likeness {alike:.4f}")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
