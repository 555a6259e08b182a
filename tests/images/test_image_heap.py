"""What a picture left in a child is not held for ever."""

import asyncio
import sys
from pathlib import Path

import pytest
import uvloop

from tests.images.test_image_costs import memory_bytes, peak_bytes
from tests.images.test_image_faults import own_children, until
from tests.images.test_image_ladder import encoded
from workers.images import Studio, heap

RESTLESS = (sys.executable, "-I", str(Path(__file__).with_name("restless_child.py")))
MEBIBYTE = 2**20


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
            at_rest = memory_bytes(child, "VmRSS")
            await studio.render(large)
            await until(lambda: memory_bytes(child, "VmRSS") - at_rest <= 16 * MEBIBYTE)
            return peak_bytes(child) - at_rest

    with asyncio.Runner(loop_factory=loop) as runner:
        assert runner.run(rests()) >= 40 * MEBIBYTE
