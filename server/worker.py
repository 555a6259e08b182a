"""The worker as a process: its parts, and how it ends."""

import asyncio
import signal

import structlog
from prometheus_client import start_http_server

from server import logs, parts
from server.settings import Settings
from storage import jobs
from workers import accounts, avatars, exports, media, variants
from workers.images import Limits, Studio
from workers.outcomes import Outcome
from workers.queue import Handler, Queue
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
                handlers(workshop),
                concurrency=settings.worker_concurrency,
            )
            _end_on_signals(queue)
            log.info("working", concurrency=settings.worker_concurrency)
            await queue.run()
    finally:
        await database.close()


def handlers(workshop: Workshop) -> dict[str, Handler]:
    """What is done for each kind of job."""
    database, objects = workshop.database, workshop.objects

    async def make_variants(payload: bytes | None) -> Outcome:
        return await variants.make(workshop, jobs.photo_of(payload))

    async def move_variants(payload: bytes | None) -> Outcome:
        return await media.move(database, objects, jobs.photo_of(payload))

    async def move_variants_of(payload: bytes | None) -> Outcome:
        return await media.move_all(database, objects, jobs.user_of(payload))

    async def remove_objects(payload: bytes | None) -> Outcome:
        return await media.remove(objects, jobs.keys_of(payload))

    async def make_avatar(payload: bytes | None) -> Outcome:
        return await avatars.make(workshop, jobs.avatar_of(payload))

    async def erase_account(payload: bytes | None) -> Outcome:
        return await accounts.erase(database, jobs.user_of(payload))

    async def export_account(payload: bytes | None) -> Outcome:
        return await exports.make(database, objects, jobs.user_of(payload))

    return {
        jobs.MAKE_VARIANTS: make_variants,
        jobs.MAKE_AVATAR: make_avatar,
        jobs.ERASE_ACCOUNT: erase_account,
        jobs.EXPORT_ACCOUNT: export_account,
        jobs.MOVE_VARIANTS: move_variants,
        jobs.MOVE_VARIANTS_OF: move_variants_of,
        jobs.REMOVE_OBJECTS: remove_objects,
    }


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
