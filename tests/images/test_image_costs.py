"""What pictures cost the process that decodes them, and that nothing costs more than it may."""

import statistics
import sys
from pathlib import Path

import pytest

from tests.images.test_image_corpus import EXPECTED
from tests.images.test_image_faults import own_children
from workers.images import Limits, Rejected, Studio

pytestmark = [
    pytest.mark.torture,
    pytest.mark.skipif(sys.platform != "linux", reason="the figures are those of Linux"),
]

TICKS = 100


def cpu_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return sum(map(int, fields[11:13])) / TICKS


def peak_bytes(pid: int) -> int:
    return memory_bytes(pid, "VmHWM")


def memory_bytes(pid: int, kind: str) -> int:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(kind)) * 1024


async def cost(data: bytes) -> tuple[str, float, int]:
    """How a picture ends, its CPU seconds, and the most memory its process had."""
    before = own_children()
    async with Studio(children=1) as studio:
        (child,) = own_children() - before
        idle = cpu_s(child)
        try:
            await studio.render(data)
            ended = "READY"
        except Rejected as rejected:
            ended = rejected.code
        return ended, cpu_s(child) - idle, peak_bytes(child)


async def test_no_picture_of_the_corpus_costs_more_than_it_may(corpus):
    limits = Limits()
    costs = {name: await cost((corpus / name).read_bytes()) for name in EXPECTED}

    for name, (ended, seconds, peak) in sorted(costs.items(), key=lambda each: -each[1][1]):
        print(f"{name:42} {ended:20} {seconds:5.2f} s {peak / 2**20:6.1f} MiB")  # noqa: T201
    print("median", statistics.median(seconds for _, seconds, _ in costs.values()))  # noqa: T201
    assert all(seconds <= limits.cpu_s for _, seconds, _ in costs.values())
    assert all(peak <= limits.memory_bytes for _, _, peak in costs.values())
