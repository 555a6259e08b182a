"""`python -m bench`: seed, see that all answer alike, measure in turns, write the page."""

import os
from pathlib import Path

import uvloop

from bench import data, measuring, report, requests, servers, verifying
from server.embedded import postgres

CONNECTIONS = (1, 16, 64)


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
    with servers.started(servers.NAMES, cluster, logs) as running:
        checked = await verifying.alike(running, asked, 40 if is_quick else 300)
        print(f"All {len(running)} servers answer {checked} requests alike.")
        figures = await measuring.measured(
            running, asked, CONNECTIONS, rounds=3 if is_quick else 5, each=150 if is_quick else 400
        )
    found = report.Found(data.counts(cluster), checked, figures)
    text = report.written(found)
    print(text)
    if not is_quick and data.scale() == 1:
        report.PLACE.write_text(text)


if __name__ == "__main__":
    main()
