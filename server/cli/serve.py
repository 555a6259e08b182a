"""`picshare serve`: the API behind uvicorn, in one process or several that share the port."""

import asyncio
import gc
import multiprocessing
import signal
import socket
from types import FrameType

import uvicorn
from starlette.types import ASGIApp
from uvicorn.supervisors import Multiprocess

from server.cli import checks, loading
from server.embedded import sockets
from server.embedded.processes import CannotStart, tie_to_parent
from server.http import serving
from server.settings import Settings, load

GRACE_S = 10
# How many objects may be made before the collector looks through them. With Python's 700 it
# looked at each feed while that was being made, for 7 % of its CPU; there is hardly any garbage.
YOUNG_OBJECTS = 10_000
# How much of a request the system takes before we have read the rest; it doubles this for itself.
# Left to itself it takes megabytes, and requests are small.
UNREAD_BYTES = 24 * 1024
# uvicorn kills a process that does not answer it for this long.
HUNG_S = 30


class Processes(Multiprocess):
    """uvicorn's supervisor, which also sees at once that a process died while it was asked."""

    def keep_subprocess_alive(self) -> None:
        """Put another process in the place of each that is dead or hung."""
        for process in self.processes:
            # While the parent holds it too, the end of the child does not close the pipe.
            process.child_conn.close()
        super().keep_subprocess_alive()


def run(settings: Settings) -> None:
    """Return after SIGTERM or Ctrl-C, when the last answer is out."""
    checks.are_set(settings, *checks.DATABASE, *checks.STORE, "secret_key")
    asyncio.run(checks.reach_all(settings))
    listening = sockets.bound(settings.host, settings.port, "PICSHARE_PORT")
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, UNREAD_BYTES)
    listening.set_inheritable(True)
    # uvicorn repeats the signal that ended it; without this the exit code would be a failure's.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _leave)
    if settings.processes > 1:
        Processes(_configuration(settings), [listening]).run()
        return
    server = uvicorn.Server(_configuration(settings))
    server.run([listening])
    if not server.started:
        raise CannotStart("the API could not start; the log says why")


def application() -> ASGIApp:
    """The API, in the process that serves it."""
    parent = multiprocessing.parent_process()
    if parent is not None and parent.pid is not None:
        tie_to_parent(signal.SIGTERM, parent.pid)
    with loading.quickly():
        # The parent of several processes needs no application.
        from server.app import create_app  # noqa: PLC0415

        gc.set_threshold(YOUNG_OBJECTS)
        return create_app(load(), is_served=True)


def _configuration(settings: Settings) -> uvicorn.Config:
    return uvicorn.Config(
        "server.cli.serve:application",
        factory=True,
        loop="uvloop",
        workers=settings.processes,
        timeout_graceful_shutdown=GRACE_S,
        timeout_worker_healthcheck=HUNG_S,
        **serving.options(settings),
    )


def _leave(_number: int, _frame: FrameType | None) -> None:
    raise SystemExit(0)
