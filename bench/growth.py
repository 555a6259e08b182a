"""`python -m bench.growth`: what a home feed costs as photos and followees grow."""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path
from typing import Any

import psutil  # type: ignore[import-untyped]  # The package ships no types.
import uvloop

from bench import data, load, machine, requests, results, servers
from bench.requests import FEED
from server.embedded import postgres

SEED = Path(__file__).parent / "growth.sql"
SIZES = (20_000, 200_000, 2_000_000)
# Kinds of viewers, by how many they follow; "silent" follow nobody but such as are silent for long.
FOLLOWEES = ("100", "500", "2,000", "2,000 silent", "5,000", "5,000 silent")
EXPLAINED_OF = ("5,000", "5,000 silent")
PAGES = ("first", "later")
CONNECTIONS = (1, 4)
REQUESTS = 200
EXPLAINED = {
    "session_preload_libraries": "auto_explain",
    "auto_explain.log_min_duration": "0",
    "auto_explain.log_analyze": "on",
    "auto_explain.log_buffers": "on",
    "auto_explain.log_timing": "off",
}


@dataclass(frozen=True, slots=True)
class Viewers:
    """Who asks, by their kind, and cursors of later pages."""

    tokens: dict[str, list[str]]
    places: list[str]


def main() -> None:
    """Measure every size, print and keep."""
    os.sched_setaffinity(0, {servers.OTHER_CORE})
    folder = data.FOLDER / "growth"
    folder.mkdir(parents=True, exist_ok=True)
    cluster = postgres.Cluster(folder / "postgres", folder / "postgres.log")
    process = postgres.start(cluster)
    try:
        rows, plans = [], {}
        for photos in SIZES:
            one = replace(cluster, database=f"photos_{photos}")
            data.fill(one, SEED, {"photos": photos})
            data.warm(one)
            postgres.ask(one, "create extension if not exists pg_stat_statements")
            rows += uvloop.run(_measured(one, photos, folder, process.pid))
        plans = _plans(one, folder)
    finally:
        process.stop()
    command = "python -m bench.growth"
    results.keep("growth", command, {"requests": REQUESTS, "rows": rows, "plans": plans})


async def _measured(
    cluster: postgres.Cluster, photos: int, logs: Path, database: int
) -> list[dict[str, Any]]:
    viewers = _viewers(cluster)
    rows = []
    with servers.picshare(cluster, logs) as server:
        for followees in FOLLOWEES:
            for page in PAGES:
                for connections in CONNECTIONS:
                    asked = _asked(viewers, followees, page)
                    figures = await _figures(server, cluster, asked, connections, database)
                    row = {"photos": photos, "followees": followees, "page": page}
                    rows.append(row | {"connections": connections} | figures)
                    print(rows[-1], flush=True)
    return rows


async def _figures(
    server: servers.Server,
    cluster: postgres.Cluster,
    asked: Iterator[bytes],
    connections: int,
    database: int,
) -> dict[str, Any]:
    await load.run(server.port, asked, connections=connections, total=40)
    postgres.ask(cluster, "select pg_stat_statements_reset()")
    before, before_database = server.cpu_s(), _family_cpu_s(database)
    answers = await load.run(server.port, asked, connections=connections, total=REQUESTS)
    cpu_s, database_s = server.cpu_s() - before, _family_cpu_s(database) - before_database
    return {
        "p50_ms": round(answers.quantile(0.5), 1),
        "p99_ms": round(answers.quantile(0.99), 1),
        "cpu_ms": round(1000 * cpu_s / REQUESTS, 2),
        "database_cpu_ms": round(1000 * database_s / REQUESTS, 2),
        "sql_ms": _sql_ms(cluster),
        "memory_mb": round(server.memory_mb()),
    }


def _sql_ms(cluster: postgres.Cluster) -> float:
    """Execution time of all statements of one request, as the database counts it."""
    total = postgres.ask(
        cluster,
        "select sum(total_exec_time) from pg_stat_statements s join pg_database d on d.oid = s.dbid"
        " where datname = current_database() and query not like '%pg_stat_statements%'",
    )
    return round(float(total) / REQUESTS, 2)


def _family_cpu_s(pid: int) -> float:
    processes = [pid, *(child.pid for child in psutil.Process(pid).children(recursive=True))]
    return sum(machine.cpu_s(each) for each in processes)


def _viewers(cluster: postgres.Cluster) -> Viewers:
    rows = postgres.ask(
        cluster,
        "select u.display_name, s.id, u.id from sessions s"
        " join users u on u.id = s.user_id order by u.id",
    )
    tokens: dict[str, list[str]] = {followees: [] for followees in FOLLOWEES}
    for line in rows.splitlines():
        followees, session, user = line.split("|")
        tokens[followees].append(requests.token(session, user))
    places = postgres.ask(
        cluster, "select created_at, id from photos where md5(id::text) < '01' limit 500"
    )
    return Viewers(tokens, [requests.place(*line.split("|")) for line in places.splitlines()])


def _asked(viewers: Viewers, followees: str, page: str) -> Iterator[bytes]:
    tokens, places = viewers.tokens[followees], viewers.places
    for n in count():
        after = places[n * 31 % len(places)] if page == "later" else None
        yield requests.written(tokens[n % len(tokens)], FEED, {"after": after})


def _plans(cluster: postgres.Cluster, logs: Path) -> dict[str, str]:
    """How PostgreSQL went about the first pages of who follows most, as it logs it itself."""
    viewers = _viewers(cluster)
    with _explained(cluster), servers.picshare(cluster, logs) as server:
        return {
            followees: _plan(cluster, server, _asked(viewers, followees, "first"))
            for followees in EXPLAINED_OF
        }


@contextmanager
def _explained(cluster: postgres.Cluster) -> Iterator[None]:
    """Whoever connects meanwhile has his statements explained in the log."""
    name = cluster.database
    for setting, value in EXPLAINED.items():
        postgres.ask(cluster, f"alter database {name} set {setting} = '{value}'")
    try:
        yield
    finally:
        postgres.ask(cluster, f"alter database {name} reset all")


def _plan(cluster: postgres.Cluster, server: servers.Server, asked: Iterator[bytes]) -> str:
    # The first one finds nothing in memory.
    uvloop.run(load.run(server.port, asked, connections=1, total=20))
    cluster.log.write_text("")
    uvloop.run(load.run(server.port, asked, connections=1, total=1))
    explained = re.findall(r"duration: ([\d.]+) ms  plan:\n((?:\t.*\n)+)", cluster.log.read_text())
    duration, plan = max(explained, key=lambda found: float(found[0]))
    nodes = plan[re.search(r"^\t\S.*\(cost=", plan, re.MULTILINE).start() :]  # type: ignore[union-attr]
    return "\n".join([line.removeprefix("\t") for line in nodes.splitlines()] + [f"{duration} ms"])


if __name__ == "__main__":
    main()
