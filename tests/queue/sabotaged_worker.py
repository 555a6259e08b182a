"""A worker that does at a picture what stands behind its last byte: it dies, or it waits.

DIES_AT names a moment at which it dies whatever the picture.
"""

import asyncio
import os
import signal
from pathlib import Path

from server import settings, worker
from workers import attempts, variants
from workers.images import Studio


def die():
    os.kill(os.getpid(), signal.SIGKILL)


def dies_before(done):
    async def dead(*_arguments, **_named):
        die()

    return dead


def dies_after(done):
    async def dying(*arguments, **named):
        await done(*arguments, **named)
        die()

    return dying


async def waits(flag: str):
    Path(flag).with_suffix(".reached").touch()
    while not os.path.exists(flag):  # noqa: ASYNC110, ASYNC240, PTH110 - Files tell nobody.
        await asyncio.sleep(0.02)


def obedient(render):
    async def rendered(self, data):
        made = await render(self, data)
        _, is_order, order = data.partition(b"\nORDER ")
        if order == b"die":
            die()
        if is_order:
            await waits(os.fsdecode(order))
        return made

    return rendered


MOMENTS = {
    "begun": (attempts, "read", dies_before),
    "rendered": (Studio, "render", dies_after),
    "stored": (variants, "_stored", dies_after),
    "live": (variants, "_attempted", dies_after),
}

if __name__ == "__main__":
    Studio.render = obedient(Studio.render)
    if "DIES_AT" in os.environ:
        owner, name, sabotaged = MOMENTS[os.environ["DIES_AT"]]
        setattr(owner, name, sabotaged(getattr(owner, name)))
    asyncio.run(worker.run(settings.load()))
