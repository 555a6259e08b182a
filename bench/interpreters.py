"""Which Python the benchmark runs with: `python -m bench.interpreters` says where it is.

Node.js comes as its makers build it. A Python that somebody compiled by themselves mostly lacks
what distributions and official images build theirs with (--enable-optimizations, --with-lto), so
where a machine has several the quickest is taken: a fixed loop, in turns, the least of each.
"""

import shutil
import subprocess
import sys
from pathlib import Path

TURNS = 5
LEAST = (3, 11)
# Calls, attributes, dicts, lists, texts, coroutines: what a server does all day.
LOOP = """
import sys, time
class Row:
    __slots__ = ("key", "value")
    def __init__(self, key, value):
        self.key, self.value = key, value
    def more(self, by):
        return self.value + by
async def below(depth):
    return depth and await below(depth - 1)
def loop():
    found = {}
    for number in range(40_000):
        row = Row(number, 2)
        found[number & 255] = (row.key, row.more(number), [each for each in (1, 2, 3)])
        f"{number}:{row.key}".split(":")
    for _ in range(2_000):
        try:
            below(10).send(None)
        except StopIteration:
            pass
assert sys.version_info >= %r
began = time.process_time()
loop()
print(time.process_time() - began)
""" % (LEAST,)  # noqa: UP031 - The loop has braces of its own.


def candidates() -> list[str]:
    """The one this runs with, and the system's own."""
    here = Path(sys.executable).resolve()
    system = [shutil.which("python3", path=path) for path in ("/usr/local/bin", "/usr/bin")]
    return [*dict.fromkeys([str(here), *(str(Path(one).resolve()) for one in system if one)])]


def quickest() -> str:
    """Of those that run the loop, the one with the least time."""
    times = {one: [found for _ in range(TURNS) if (found := _time(one))] for one in candidates()}
    return min((one for one in times if times[one]), key=lambda one: min(times[one]))


def _time(interpreter: str) -> float | None:
    said = subprocess.run([interpreter, "-c", LOOP], capture_output=True, text=True, check=False)
    return float(said.stdout) if said.returncode == 0 else None


if __name__ == "__main__":
    print(quickest())
