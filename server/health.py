"""Whether the process lives, whether it should get requests, and its figures."""

import asyncio
from collections.abc import Iterable
from typing import Final

from asyncpg import PostgresError
from prometheus_client import REGISTRY, CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector
from sqlalchemy.exc import DBAPIError
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from resolvers.context import Parts
from storage import counters, jobs, revisions, variants
from storage.inbox import clock
from storage.jobs import Waiting
from storage.reached import Unavailable

CHECK_TIMEOUT_S: Final = 2.0
METRICS_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"


class Health:
    """What `/readyz` knows besides its checks."""

    def __init__(self) -> None:
        self.is_leaving = False

    def leave(self) -> None:
        """From here on this process should get no more requests."""
        self.is_leaving = True


def routes(parts: Parts, health: Health) -> list[Route]:
    """`/livez`, `/readyz` and `/metrics`."""

    async def livez(_: Request) -> Response:
        return PlainTextResponse("alive")

    async def readyz(_: Request) -> Response:
        database, store = await asyncio.gather(_database(parts), _store(parts))
        is_ready = database == "ok" and not health.is_leaving
        state = {
            "ready": is_ready,
            "leaving": health.is_leaving,
            "database": database,
            # Without the store pictures and uploads wait, but every query is answered.
            "store": store,
        }
        return JSONResponse(state, 200 if is_ready else 503, {"Cache-Control": "no-store"})

    async def metrics(_: Request) -> Response:
        gathered = await _gathered(parts)
        registry = CollectorRegistry()
        registry.register(_Once(gathered))
        return Response(
            generate_latest(REGISTRY) + generate_latest(registry), media_type=METRICS_TYPE
        )

    return [Route("/livez", livez), Route("/readyz", readyz), Route("/metrics", metrics)]


async def _database(parts: Parts) -> str:
    try:
        async with asyncio.timeout(CHECK_TIMEOUT_S):
            # Most of what is asked is read over the one kind of connections, the rest over the
            # other.
            async with parts.database.reading() as way:
                await clock(way)
            async with parts.database.connect() as connection:
                current = await revisions.current(connection)
    # A database that is full, or refuses us by name, is as good as out of reach.
    except (Unavailable, TimeoutError, DBAPIError, PostgresError):
        return "unreachable"
    if current != revisions.newest():
        return f"schema revision is {current}, not {revisions.newest()}; run `picshare migrate`"
    return "ok"


async def _store(parts: Parts) -> str:
    try:
        async with asyncio.timeout(CHECK_TIMEOUT_S):
            return "ok" if await parts.objects.is_reachable() else "degraded"
    except TimeoutError:
        return "degraded"


class _Once(Collector):
    def __init__(self, metrics: list[Metric]) -> None:
        self._metrics = metrics

    def collect(self) -> Iterable[Metric]:
        return self._metrics


async def _gathered(parts: Parts) -> list[Metric]:
    """The figures that lie in the database; none while it cannot be asked."""
    try:
        async with parts.database.connect() as connection:
            by_status = await variants.count_by_status(connection)
            waiting = await jobs.waiting(connection)
            checked = await counters.noted(connection)
    # DBAPIError where the tables are yet to be made.
    except (Unavailable, DBAPIError):
        return []
    photos = GaugeMetricFamily(
        "picshare_photos",
        "Photos by status; READY is an estimate where there are very many.",
        labels=["status"],
    )
    for status, total in by_status.items():
        photos.add_metric([status], total)
    return [
        photos,
        *_queue(waiting),
        *_drift(checked),
    ]


def _queue(waiting: list[Waiting]) -> list[Metric]:
    depth = GaugeMetricFamily(
        "picshare_queue_depth", "Jobs that wait for a worker.", labels=["kind"]
    )
    age = GaugeMetricFamily(
        "picshare_queue_age_seconds", "How long the oldest has waited.", labels=["kind"]
    )
    given_up = GaugeMetricFamily(
        "picshare_jobs_given_up", "Jobs that wait for somebody to look at them.", labels=["kind"]
    )
    for each in waiting:
        depth.add_metric([each.kind], each.depth)
        age.add_metric([each.kind], each.age_s)
        given_up.add_metric([each.kind], each.given_up)
    return [depth, age, given_up]


def _drift(checked: list[tuple[str, int, float]]) -> list[Metric]:
    drift = GaugeMetricFamily(
        "picshare_counter_drift",
        "Rows whose kept count was wrong when `picshare counters` looked last.",
        labels=["counter"],
    )
    age = GaugeMetricFamily(
        "picshare_counter_check_age_seconds", "How long ago that was.", labels=["counter"]
    )
    for name, drifted, seconds in checked:
        drift.add_metric([name], drifted)
        age.add_metric([name], seconds)
    return [drift, age]
