"""`picshare work`: the worker that makes variants."""

import asyncio

import uvloop

from server.cli import checks
from server.settings import Settings


def run(settings: Settings) -> None:
    """Return after SIGTERM or Ctrl-C, when running jobs are finished or given back."""
    checks.are_set(settings, *checks.DATABASE, *checks.STORE)
    asyncio.run(checks.reach_all(settings))
    from server import worker  # noqa: PLC0415 - A fault outside is told before the heavy imports.

    uvloop.run(worker.run(settings))
