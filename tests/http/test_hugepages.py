"""Memory that lasts lies in huge pages, and what is empty takes none."""

import subprocess
import sys

import pytest

from server.hugepages import HUGE, _places

MAPS = """\
55d000000000-55d000600000 rw-p 00000000 00:00 0                          [heap]
7f0000100000-7f0000900000 rw-p 00000000 00:00 0
7f0000a00000-7f0000bff000 rw-p 00000000 00:00 0
7f0001000000-7f0001400000 r-xp 00000000 fe:00 1234                       /usr/lib/libpython3.11.so
7f0002000000-7f0002400000 rw-s 00000000 00:01 5678                       /dev/zero (deleted)
7f0003000000-7f0003400000 rw-p 00000000 00:00 0                          [stack]
7f0004000000-7f0004400000 ---p 00000000 00:00 0
"""
# Holds 64 MiB that are full and 64 MiB of which nothing is used.
PROGRAM = """
import mmap, hashlib
from pathlib import Path
from server.hugepages import gather

def size(name):
    lines = Path("/proc/self/smaps_rollup").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(name)) // 1024

private = mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS
full, empty = mmap.mmap(-1, 64 << 20, flags=private), mmap.mmap(-1, 64 << 20, flags=private)
full.write(bytes(range(256)) * (64 << 12))
written, before = hashlib.sha256(full).hexdigest(), size("Rss")
gathered = gather() >> 20
is_same = hashlib.sha256(full).hexdigest() == written
print(gathered, size("AnonHugePages"), size("Rss") - before, is_same)
"""


def test_what_could_begin_a_huge_page_is_written_to_and_of_no_file():
    heap = [0x55D000000000 + n * HUGE for n in range(3)]
    assert list(_places(MAPS)) == [*heap, 0x7F0000200000, 0x7F0000400000, 0x7F0000600000]


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has huge pages of this kind")
def test_what_is_full_is_gathered_and_what_is_empty_is_left():
    found = subprocess.run(
        [sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True, timeout=60
    ).stdout.split()
    gathered, huge, grown = (int(each) for each in found[:3])
    if not gathered:
        pytest.skip("this Linux makes no huge pages of memory that is in use")

    # The first and the last of them may begin and end elsewhere.
    assert 60 <= gathered <= huge
    assert grown < 32
    assert found[3] == "True"
