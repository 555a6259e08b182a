"""Writes down what was found."""

import json
import platform
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import psutil  # type: ignore[import-untyped]  # The package ships no types.

from bench.machine import PEERS, node_version
from bench.measuring import Figure, Place

PLACE = Path(__file__).parent.parent / "docs" / "performance.md"
TITLES = {"feed": "Home feed", "photo": "Photo page", "profile": "Profile"}
BARS = 30


@dataclass(frozen=True, slots=True)
class Found:
    """All that is told."""

    counts: dict[str, int]
    checked: int
    figures: dict[Place, Figure]


def written(found: Found) -> str:
    """The page."""
    names = {request: None for request, _, _ in found.figures}
    tables = [_request(name, found) for name in names]
    return "\n".join([_head(found), *tables])


def _head(found: Found) -> str:
    rows = ", ".join(f"{count:,} {table}" for table, count in found.counts.items())
    return f"""# Performance

Written by `make bench` on {datetime.now(UTC):%Y-%m-%d}; how it is measured:
[decisions/benchmark.md](decisions/benchmark.md).

{_machine()} {_versions()} Data: {rows}.
Before anything was measured, all servers gave the same answers to {found.checked:,} requests.
Medians of interleaved rounds; CPU is the server process's own, from `/proc`. The ratio is CPU per
request beside that of the best Node server: below 1 is less.
"""


def _machine() -> str:
    memory = round(psutil.virtual_memory().total / 2**30)
    return f"{psutil.cpu_count()} cores, {memory} GiB of memory, {platform.system()}."


def _versions() -> str:
    peers = json.loads((PEERS / "package.json").read_text())["dependencies"]
    told = [
        f"Python {platform.python_version()}",
        f"strawberry-graphql {version('strawberry-graphql')}",
    ]
    told += [f"Node {node_version()}"]
    served = ("@apollo/server", "graphql-yoga", "@envelop/graphql-jit", "mercurius")
    return ", ".join([*told, *(f"{name} {peers[name]}" for name in served)]) + "."


def _request(name: str, found: Found) -> str:
    lines = [f"## {TITLES[name]}", ""]
    for many in sorted({many for request, many, _ in found.figures if request == name}):
        figures = {
            server: figure
            for (request, connections, server), figure in found.figures.items()
            if (request, connections) == (name, many)
        }
        lines += [f"{many} connection{'s' if many > 1 else ''}:", "", *_table(figures), ""]
        if many == max(m for request, m, _ in found.figures if request == name):
            lines += ["CPU per request:", "", "```", *_bars(figures), "```", ""]
    return "\n".join(lines)


def _table(figures: dict[str, Figure]) -> list[str]:
    best = min(figure.cpu_ms for server, figure in figures.items() if server != "picshare")
    return [
        "| server | CPU ms | ratio | requests/s | p50 ms | p99 ms | memory MB |",
        "|---|--:|--:|--:|--:|--:|--:|",
        *(
            f"| {server} | {one.cpu_ms:.2f} | {one.cpu_ms / best:.2f} | {one.per_s:.0f} "
            f"| {one.p50_ms:.1f} | {one.p99_ms:.1f} | {one.memory_mb:.0f} |"
            for server, one in figures.items()
        ),
    ]


def _bars(figures: dict[str, Figure]) -> list[str]:
    most = max(figure.cpu_ms for figure in figures.values())
    return [
        f"{server:<13}{'█' * max(1, round(BARS * one.cpu_ms / most)):<{BARS}} {one.cpu_ms:.2f} ms"
        for server, one in figures.items()
    ]
