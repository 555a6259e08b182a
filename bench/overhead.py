"""`python -m bench.overhead`: what a request costs before anything is read for it.

Each step is a server with one layer more than the step before, or a request that takes one
more way through it; all are asked in turns. The first step is uvicorn with an application
that answers a body with itself.
"""

import os
from collections import defaultdict
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import cycle
from statistics import median

import uvloop

from bench import data, load, requests, servers
from bench.requests import People
from bench.servers import Server
from server.embedded.postgres import Cluster

QUERY = "{ __typename }"
CONNECTIONS = 16
EACH = int(os.environ.get("BENCH_EACH", "2000"))
ROUNDS = int(os.environ.get("BENCH_ROUNDS", "7"))
# So few that what is remembered of each for half a second is remembered.
VIEWERS = 16
# A tenth of what `make bench` begins with is enough to have viewers.
SCALE = "0.1"

UVICORN = "uvicorn, a body answered with itself"
TOLD = {"PICSHARE_RATE_STORE": "off"}
QUIET = TOLD | {"PICSHARE_LOG_LEVEL": "warning"}


@dataclass(frozen=True, slots=True)
class Step:
    """Something to measure: which server is asked, and who asks."""

    title: str
    server: Server
    tokens: list[str | None]

    def requests(self) -> Iterator[bytes]:
        """Requests without end."""
        made = [requests.written(token, QUERY, {}) for token in self.tokens]
        return cycle(made)


def main() -> None:
    """Measure, and print the table."""
    os.environ.setdefault("BENCH_SCALE", SCALE)
    os.sched_setaffinity(0, {servers.OTHER_CORE})
    cluster = data.cluster()
    database = data.start(cluster)
    try:
        with ExitStack() as stack:
            steps = _steps(requests.people(cluster), cluster, stack)
            found = uvloop.run(_measured(steps))
    finally:
        database.stop()
    print(_table(found))


def _steps(asked: People, cluster: Cluster, stack: ExitStack) -> list[Step]:
    logs = cluster.directory.parent
    guest: list[str | None] = [None]
    few: list[str | None] = list(asked.tokens[:VIEWERS])
    many: list[str | None] = list(asked.tokens)
    bare, ours = (stack.enter_context(servers.echo(way, logs)) for way in ("uvicorn", "ours"))
    quiet, told, whole = (
        stack.enter_context(servers.picshare(cluster, logs, name, **changed))
        for name, changed in (("quiet", QUIET), ("told", TOLD), ("whole", {}))
    )
    return [
        Step(UVICORN, bare, few),
        Step("the same on our bounded connections", ours, few),
        Step("`{ __typename }` of a guest; no line in the log, no limits of rate", quiet, guest),
        Step("with its line in the log", told, guest),
        Step("with the limits of rate", whole, guest),
        Step("signed in, 16 viewers", whole, few),
        Step("signed in, another viewer each time", whole, many),
    ]


async def _measured(steps: list[Step]) -> dict[str, float]:
    """Microseconds of CPU of the server's process, by step."""
    found = defaultdict[str, list[float]](list)
    for step in steps:
        await load.run(step.server.port, step.requests(), connections=CONNECTIONS, total=EACH // 4)
    for turn in range(ROUNDS):
        start = turn % len(steps)
        for step in steps[start:] + steps[:start]:
            before = step.server.cpu_s()
            asked = step.requests()
            await load.run(step.server.port, asked, connections=CONNECTIONS, total=EACH)
            found[step.title].append(1e6 * (step.server.cpu_s() - before) / EACH)
    return {step.title: median(found[step.title]) for step in steps}


def _table(found: dict[str, float]) -> str:
    least, before = found[UVICORN], 0.0
    lines = ["| what is asked | µs | more | times uvicorn |", "|---|--:|--:|--:|"]
    for title, one in found.items():
        lines.append(f"| {title} | {one:.0f} | {one - before:+.0f} | {one / least:.2f} |")
        before = one
    return "\n".join(lines)


if __name__ == "__main__":
    main()
