"""`picshare work`: the worker that makes variants."""

import asyncio

import uvloop

from server.cli import checks, loading
from server.settings import Settings


def run(settings: Settings) -> None:
    """Return after SIGTERM or Ctrl-C, when running jobs are finished or given back."""
    checks.are_set(settings, *checks.DATABASE, *checks.STORE)
    asyncio.run(checks.reach_all(settings))
    with loading.quickly():
        # A fault outside is told before the heavy imports.
        from server import worker  # noqa: PLC0415

    uvloop.run(worker.run(settings))
