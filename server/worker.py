"""The worker as a process: its parts, and how it ends."""

import asyncio
import signal
from functools import partial

import structlog
from prometheus_client import start_http_server

from server import logs, parts
from server.settings import Settings
from storage import jobs
from workers import variants
from workers.images import Limits, Studio
from workers.outcomes import Outcome
from workers.queue import Queue
from workers.variants import Workshop

log = structlog.get_logger("worker")

GRACE_S = 20


async def run(settings: Settings) -> None:
    """Work until SIGTERM or Ctrl-C, then finish what runs or hand it back."""
    logs.configure(settings.log_format, settings.log_level)
    if settings.worker_metrics_port:
        start_http_server(settings.worker_metrics_port, settings.host)
    database = parts.database(settings, "picshare-worker")
    limits = Limits(max_pixels=settings.max_pixels)
    try:
        async with Studio(limits, children=settings.worker_concurrency) as studio:
            workshop = Workshop(database, parts.objects(settings), studio)
            queue = Queue(
                settings.database_url.get_secret_value(),
                {jobs.MAKE_VARIANTS: partial(_make_variants, workshop)},
                concurrency=settings.worker_concurrency,
            )
            _end_on_signals(queue)
            log.info("working", concurrency=settings.worker_concurrency)
            await queue.run()
    finally:
        await database.close()


async def _make_variants(workshop: Workshop, payload: bytes | None) -> Outcome:
    return await variants.make(workshop, jobs.photo_of(payload))


def _end_on_signals(queue: Queue) -> None:
    loop = asyncio.get_running_loop()

    def leave() -> None:
        queue.leave()
        loop.call_later(GRACE_S, queue.hand_back)
        # Whoever asks twice does not want to wait.
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, queue.hand_back)

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, leave)
