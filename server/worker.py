"""The worker as a process: its parts, and how it ends."""

import asyncio
import signal
from collections.abc import Mapping, Sequence
from datetime import timedelta

import structlog
from prometheus_client import start_http_server

from server import logs, parts
from server.settings import Settings
from storage import jobs
from storage.database import Database
from workers import (
    accounts,
    avatars,
    exports,
    mails,
    media,
    moderation,
    regeneration,
    sweeps,
    variants,
)
from workers.floor import Floor
from workers.images import Limits, Studio
from workers.mails import Postbox
from workers.moderation import Service
from workers.outcomes import Outcome
from workers.queue import USUAL, Handler, Kind, Queue
from workers.sweeps import Rules as Sweeping
from workers.variants import Workshop

log = structlog.get_logger("worker")

GRACE_S = 20
# Errands at the same time; they wait for the database, the store and others' servers.
ERRANDS = 4
PICTURES = frozenset({jobs.MAKE_VARIANTS, jobs.MAKE_AVATAR, jobs.REMAKE_VARIANTS, jobs.REGENERATE})
# What goes through a whole account or a whole bucket, and can go on where it was broken off.
LONG = timedelta(hours=12)
LONG_ONES = frozenset(
    {
        jobs.ERASE_ACCOUNT,
        jobs.EXPORT_ACCOUNT,
        jobs.MOVE_VARIANTS_OF,
        jobs.SWEEP_ROWS,
        jobs.SWEEP_OBJECTS,
    }
)


async def run(settings: Settings) -> None:
    """Work until SIGTERM or Ctrl-C, then finish what runs or hand it back."""
    logs.configure(settings.log_format, settings.log_level)
    if settings.worker_metrics_port:
        start_http_server(settings.worker_metrics_port, settings.host)
    database = parts.database(settings, "picshare-worker")
    limits = Limits(max_pixels=settings.max_pixels)
    try:
        async with Studio(limits, children=settings.worker_concurrency) as studio:
            service = parts.moderation(settings)
            workshop = Workshop(
                database,
                parts.objects(settings),
                studio,
                is_holding=settings.holds_photos,
                is_asking=service is not None,
            )
            done = (
                handlers(workshop)
                | mailing(database, parts.postbox(settings))
                | moderating(database, service)
                | sweeping(workshop, parts.sweeping(settings))
                | remaking(workshop, timedelta(seconds=settings.replaced_variants_s))
            )
            queues = _queues(settings, kinds(done, giving_up(workshop)))
            _end_on_signals(queues)
            log.info("working", concurrency=settings.worker_concurrency)
            schedule = asyncio.create_task(sweeps.on_schedule(database, _sweeps(settings)))
            try:
                async with asyncio.TaskGroup() as group:
                    for queue in queues:
                        group.create_task(queue.run())
            finally:
                schedule.cancel()
                await asyncio.wait([schedule])
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


def giving_up(workshop: Workshop) -> dict[str, Handler]:
    """What is said where somebody waits for a job that is given up."""

    async def make_variants(payload: bytes | None) -> Outcome:
        return await variants.give_up(workshop, jobs.photo_of(payload))

    async def make_avatar(payload: bytes | None) -> Outcome:
        return await avatars.give_up(workshop, jobs.avatar_of(payload))

    async def export_account(payload: bytes | None) -> Outcome:
        return await exports.give_up(workshop.database, jobs.user_of(payload))

    return {
        jobs.MAKE_VARIANTS: make_variants,
        jobs.MAKE_AVATAR: make_avatar,
        jobs.EXPORT_ACCOUNT: export_account,
    }


def kinds(done: Mapping[str, Handler], last_words: Mapping[str, Handler]) -> dict[str, Kind]:
    """How each kind of job is done, and ended."""
    return {
        name: Kind(handler, LONG if name in LONG_ONES else USUAL, last_words.get(name))
        for name, handler in done.items()
    }


def mailing(database: Database, postbox: Postbox) -> dict[str, Handler]:
    """What is done for each mail."""

    async def send_mail(payload: bytes | None) -> Outcome:
        return await mails.send(database, postbox, jobs.mail_of(payload))

    return {jobs.SEND_MAIL: send_mail}


def moderating(database: Database, service: Service | None) -> dict[str, Handler]:
    """What is done for each held photo."""

    async def ask_moderation(payload: bytes | None) -> Outcome:
        return await moderation.ask(database, service, jobs.photo_of(payload))

    return {jobs.ASK_MODERATION: ask_moderation}


def sweeping(workshop: Workshop, rules: Sweeping) -> dict[str, Handler]:
    """What is done to remove what is left over."""
    database, objects = workshop.database, workshop.objects

    async def sweep_rows(_payload: bytes | None) -> Outcome:
        return await sweeps.run_rows(database, rules.times)

    async def sweep_objects(_payload: bytes | None) -> Outcome:
        return await sweeps.run_objects(database, objects, rules)

    return {jobs.SWEEP_ROWS: sweep_rows, jobs.SWEEP_OBJECTS: sweep_objects}


def remaking(workshop: Workshop, kept: timedelta) -> dict[str, Handler]:
    """What is done to make variants anew; the old ones can be read for the time *kept*."""

    async def regenerate(payload: bytes | None) -> Outcome:
        return await regeneration.take_up(workshop.database, jobs.regeneration_of(payload))

    async def remake_variants(payload: bytes | None) -> Outcome:
        return await regeneration.remake(workshop, jobs.photo_of(payload), kept)

    return {jobs.REGENERATE: regenerate, jobs.REMAKE_VARIANTS: remake_variants}


def _sweeps(settings: Settings) -> dict[str, timedelta]:
    """How often what is swept; what is never swept is absent."""
    every_s = {
        jobs.SWEEP_ROWS: settings.sweep_s,
        jobs.SWEEP_OBJECTS: settings.sweep_objects_s,
    }
    return {kind: timedelta(seconds=every) for kind, every in every_s.items() if every}


def _queues(settings: Settings, every: Mapping[str, Kind]) -> list[Queue]:
    """One for pictures, which keep the processor busy, and one beside it for all that does not.

    So neither thousands of small jobs nor a long one keep anybody's photo from its turn.
    """
    url = settings.database_url.get_secret_value()
    pictures = {name: kind for name, kind in every.items() if name in PICTURES}
    errands = {name: kind for name, kind in every.items() if name not in PICTURES}
    floor = Floor()
    return [
        Queue(url, pictures, concurrency=settings.worker_concurrency, floor=floor),
        Queue(url, errands, concurrency=ERRANDS, name="picshare-errands", floor=floor),
    ]


def _end_on_signals(queues: Sequence[Queue]) -> None:
    loop = asyncio.get_running_loop()

    def hand_back() -> None:
        for queue in queues:
            queue.hand_back()

    def leave() -> None:
        log.info("leaving", grace_s=GRACE_S)
        for queue in queues:
            queue.leave()
        loop.call_later(GRACE_S, hand_back)
        # Whoever asks twice does not want to wait.
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, hand_back)

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, leave)
