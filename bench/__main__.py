"""`python -m bench`: seed, see that all answer alike, measure in turns, write the page.

BENCH_QUICK=1 is a glance, and BENCH_SCALE=0.05 makes less data; neither is kept.
"""

import json
import os
from dataclasses import asdict
from pathlib import Path

import uvloop

from bench import data, machine, measuring, report, requests, results, servers, verifying
from server.embedded import postgres

CONNECTIONS = (1, 16, 64)
PEERS = ("graphql-yoga", "@envelop/graphql-jit", "mercurius", "@apollo/server", "postgraphile")


def main() -> None:
    """Everything; the processes that it starts end with it."""
    is_quick = bool(os.environ.get("BENCH_QUICK"))
    # The database and the load share the other core.
    os.sched_setaffinity(0, {servers.OTHER_CORE})
    cluster = data.cluster()
    database = data.start(cluster)
    try:
        uvloop.run(_compare(cluster, cluster.directory.parent, is_quick=is_quick))
    finally:
        database.stop()


async def _compare(cluster: postgres.Cluster, logs: Path, *, is_quick: bool) -> None:
    asked = requests.people(cluster)
    rounds, each = (3, 150) if is_quick else (9, 400)
    with servers.started(servers.NAMES, cluster, logs) as running:
        checked = await verifying.alike(running, asked, 40 if is_quick else 300)
        print(f"All {len(running)} servers answer {checked} requests alike.", flush=True)
        figures = await measuring.measured(running, asked, CONNECTIONS, rounds=rounds, each=each)
    rows = [
        {"request": request, "connections": connections, "server": server, **asdict(figure)}
        for (request, connections, server), figure in figures.items()
    ]
    for row in rows:
        print(*(f"{value:.2f}" if isinstance(value, float) else value for value in row.values()))
    if is_quick or data.scale() != 1:
        return
    found = {"checked": checked, "rounds": rounds, "each": each, "figures": rows}
    told = {"versions": _versions(), "counts": data.counts(cluster)}
    results.keep("servers", "make bench", told | found)
    report.main()


def _versions() -> str:
    peers = json.loads((machine.PEERS / "package.json").read_text())["dependencies"]
    theirs = ", ".join(f"{name} {peers[name]}" for name in PEERS)
    return f"{machine.installed('strawberry-graphql')}, Node {machine.node_version()}, {theirs}"


if __name__ == "__main__":
    main()
