"""What pictures that should not be opened cost, what they start, and whom they keep waiting."""

import asyncio
import contextlib
import itertools
import shutil
import statistics
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from PIL import Image

from tests.images.test_image_costs import cpu_s, peak_bytes
from tests.images.test_image_faults import LIMITS, SABOTAGED, own_children, until
from tests.images.test_image_mutations import ending
from tests.images.test_image_refusals import encoded, png_claiming
from workers.images import Crashed, Studio

pytestmark = [
    pytest.mark.torture,
    pytest.mark.skipif(sys.platform != "linux", reason="the figures are those of Linux"),
]

MEBIBYTE = 1024**2
JOBS = 100
OTHER_KINDS = {
    "PDF": b"%PDF-1.7\n",
    "SVG": b"<svg xmlns='http://www.w3.org/2000/svg'/>",
    "HTML": b"<!doctype html><script>alert(1)</script>",
    "ZIP": b"PK\3\4" + b"\0" * 30,
    "MP4": b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom",
    "PSD": b"8BPS\0\1" + b"\0" * 40,
}


def bombs(photo: bytes) -> dict[str, bytes]:
    """Whole files of many pixels, and headers that only claim them."""
    frame = photo.index(b"\xff\xc0") + 5
    gif = encoded(Image.new("P", (8, 8)), "GIF")
    return {
        "177 megapixels, 1 bit": encoded(Image.new("1", (13_304, 13_304)), "PNG"),
        "400 megapixels, 1 bit": encoded(Image.new("1", (20_000, 20_000)), "PNG"),
        "400 megapixels claimed, RGBA": png_claiming(20_000, 20_000, 8, 6),
        "101 megapixels claimed, RGBA of 16 bits": png_claiming(10_050, 10_050, 16, 6),
        "2^31 claimed": png_claiming(2**31 - 1, 2**31 - 1),
        "1 x 4,000,000": png_claiming(1, 4_000_000),
        "JPEG that lies": photo[:frame] + b"\xff\xdc" * 2 + photo[frame + 4 :],
        "GIF that lies": gif[:6] + b"\xff" * 4 + gif[10:],
    }


async def test_a_bomb_costs_next_to_nothing(photo):
    for name, data in bombs(photo).items():
        before = own_children()
        async with Studio(children=1) as studio:
            (child,) = own_children() - before
            await ending(studio, photo[:2])
            idle, base = cpu_s(child), peak_bytes(child)
            ended = await ending(studio, data)
            seconds, grown = cpu_s(child) - idle, peak_bytes(child) - base
        print(f"{name:40} {ended} {seconds:.2f} s, {grown / MEBIBYTE:+.1f} MiB")  # noqa: T201
        assert ended == "TOO_MANY_PIXELS"
        assert seconds <= 0.05
        assert grown <= 20 * MEBIBYTE


@contextlib.asynccontextmanager
async def traced(pid: int, trace: Path) -> AsyncIterator[None]:
    """While strace notes each process and program that this one starts."""
    calls = "trace=execve,execveat,fork,vfork,clone,clone3"
    watching = ("strace", "-f", "-qq", "-e", calls, "-o", str(trace), "-p", str(pid))
    process = await asyncio.create_subprocess_exec(*watching, stderr=asyncio.subprocess.PIPE)
    try:
        await until(lambda: "TracerPid:\t0\n" not in Path(f"/proc/{pid}/status").read_text())
        yield
    finally:
        # It ends with what it watches.
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
        await process.communicate()


@pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed")
async def test_no_file_starts_a_program(tmp_path, scene, photo):
    trace, before = tmp_path / "trace", own_children()
    kinds = ["TIFF", "BMP", "ICO", "EPS", "PDF", "JPEG2000", "TGA", "PPM"]
    files = OTHER_KINDS | {f"whole {kind}": encoded(scene, kind) for kind in kinds}
    async with Studio(children=1, command=SABOTAGED) as studio:
        (child,) = own_children() - before
        async with traced(child, trace):
            endings = [await ending(studio, data) for data in files.values()]
            assert await ending(studio, photo) == "READY"
            started = trace.read_text()
            # Whoever does start one is heard.
            with pytest.raises(Crashed, match="Operation not permitted"):
                await studio.render(b"run_another")
        heard = trace.read_text()

    assert endings == ["UNSUPPORTED_FORMAT"] * 14
    assert started == ""
    assert "execve(" in heard
    assert "EPERM" in heard


async def _seconds(studio: Studio, photo: bytes) -> list[float]:
    found = []
    for _ in range(JOBS):
        began = time.monotonic()
        await studio.render(photo)
        found.append(time.monotonic() - began)
    return found


async def _sabotage(studio: Studio, target: Path) -> None:
    write = b"write " + bytes(target)
    for order in itertools.cycle([b"segfault", b"spin", b"allocate", b"fork", b"connect", write]):
        try:
            await studio.render(order)
        except Crashed:
            continue
        raise AssertionError(f"{order!r} did not end its child")


async def test_faults_do_not_slow_the_others(tmp_path, photo):
    """Six orders to a decoder that was taken over, again and again, beside honest work."""
    target = tmp_path / "written"
    async with Studio(LIMITS, children=2, command=SABOTAGED) as studio:
        alone = await _seconds(studio, photo)
        faults = asyncio.create_task(_sabotage(studio, target))
        beside = await _seconds(studio, photo)
        assert not faults.done()
        faults.cancel()
        await asyncio.gather(faults, return_exceptions=True)

    p99 = [statistics.quantiles(each, n=100)[98] for each in (alone, beside)]
    print(f"p99 alone {p99[0] * 1000:.0f} ms, beside faults {p99[1] * 1000:.0f} ms")  # noqa: T201
    assert not target.exists()
    # Below that it is the machine that decides.
    assert p99[1] <= max(2 * p99[0], 0.5)
