"""Rounds over all servers in turns, so that whatever disturbs the machine disturbs all."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from bench import load
from bench.requests import People, sequence
from bench.servers import Server
from bench.verifying import REQUESTS

WARM_UP = 300


@dataclass(frozen=True, slots=True)
class Figure:
    """What one server needed for one request at one number of connections."""

    cpu_ms: float
    per_s: float
    p50_ms: float
    p99_ms: float
    memory_mb: float


Place = tuple[str, int, str]


async def measured(
    running: list[Server], asked: People, connections: Sequence[int], *, rounds: int, each: int
) -> dict[Place, Figure]:
    """The medians of all rounds, by request, connections and server."""
    for server in running:
        for name in REQUESTS:
            await load.run(server.port, sequence(name, asked, 1), connections=16, total=WARM_UP)
    found = defaultdict[Place, list[Figure]](list)
    for turn in range(rounds):
        for name in REQUESTS:
            for many in connections:
                # Another server begins each round.
                start = turn % len(running)
                for server in running[start:] + running[:start]:
                    figure = await _one(server, name, asked, many, each, seed=100 + turn)
                    found[name, many, server.name].append(figure)
    return {place: _median(figures) for place, figures in found.items()}


async def _one(
    server: Server, name: str, asked: People, connections: int, each: int, *, seed: int
) -> Figure:
    requests = sequence(name, asked, seed * 1000 + connections)
    before = server.cpu_s()
    answers = await load.run(server.port, requests, connections=connections, total=each)
    cpu_s = server.cpu_s() - before
    return Figure(
        1000 * cpu_s / each,
        each / answers.seconds,
        answers.quantile(0.5),
        answers.quantile(0.99),
        server.memory_mb(),
    )


def _median(figures: list[Figure]) -> Figure:
    names = ("cpu_ms", "per_s", "p50_ms", "p99_ms", "memory_mb")
    return Figure(*(median(getattr(figure, name) for figure in figures) for name in names))
