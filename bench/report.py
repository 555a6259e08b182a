"""Writes docs/performance.md from what the parts of the benchmark have kept."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from bench import drawing, machine, results

PLACE = machine.ROOT / "docs" / "performance.md"
PLOT = PLACE.parent / "performance.svg"
TITLES = {"feed": "Home feed", "photo": "Photo page", "profile": "Profile"}
HEAD = """# Performance

Written by `python -m bench.report` from `bench/results/`; how it is measured and why it is fair:
[decisions/benchmark.md](decisions/benchmark.md). Every section names its command, its machine and
its day. `make bench` measures the servers; the other sections have commands of their own."""


def main() -> None:
    """Write the page and the plot."""
    parts: dict[str, Callable[[dict[str, Any]], list[str]]] = {
        "servers": _servers,
        "growth": _growth,
        "images": _images,
        "burst": _burst,
    }
    sections = [write(found) for part, write in parts.items() if (found := results.kept(part))]
    PLACE.write_text("\n\n".join([HEAD, *("\n".join(lines) for lines in sections)]) + "\n")
    print(f"{PLACE} is written")


def _begun(title: str, found: dict[str, Any]) -> list[str]:
    return [f"## {title}", "", f"`{found['command']}`. {found['machine']}.", ""]


def _table(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> list[str]:
    """The first column is text, the others are figures."""
    head = f"| {' | '.join(columns)} |"
    line = "|---|" + "--:|" * (len(columns) - 1)
    return [head, line, *(f"| {' | '.join(str(cell) for cell in row)} |" for row in rows), ""]


def _servers(found: dict[str, Any]) -> list[str]:
    rows = ", ".join(f"{count:,} {table}" for table, count in found["counts"].items())
    figures = found["figures"]
    lines = [
        *_begun("PicShare beside Node's servers", found),
        f"{found['versions']}. Data: {rows}. Before anything was measured, all servers gave the",
        f"same answers to {found['checked']:,} requests. Medians of {found['rounds']} interleaved",
        f"rounds of {found['each']} requests. CPU is the server process's own; the ratio is that",
        "beside the best Node server's: below 1 is less. Every other request for a feed is for a",
        "later page.",
        "",
        "![CPU of one request by server](performance.svg)",
        "",
    ]
    PLOT.write_text(drawing.bars(_plotted(figures)))
    for name, title in TITLES.items():
        lines += [f"### {title}", ""]
        for many in sorted({row["connections"] for row in figures}):
            chosen = [
                row for row in figures if (row["request"], row["connections"]) == (name, many)
            ]
            lines += [f"{many} connection{'s' if many > 1 else ''}:", "", *_compared(chosen)]
    return lines


def _compared(rows: list[dict[str, Any]]) -> list[str]:
    best = min(row["cpu_ms"] for row in rows if row["server"] != "picshare")
    columns = ("server", "CPU ms", "ratio", "requests/s", "p50 ms", "p99 ms", "memory MB")
    return _table(
        columns,
        [
            (
                row["server"],
                f"{row['cpu_ms']:.2f}",
                f"{row['cpu_ms'] / best:.2f}",
                f"{row['per_s']:.0f}",
                f"{row['p50_ms']:.1f}",
                f"{row['p99_ms']:.1f}",
                f"{row['memory_mb']:.0f}",
            )
            for row in rows
        ],
    )


def _plotted(figures: list[dict[str, Any]]) -> dict[str, dict[str, float]]:
    """CPU per request of each server at sixteen connections, by request."""
    return {
        title: {
            row["server"]: row["cpu_ms"]
            for row in figures
            if (row["request"], row["connections"]) == (name, 16)
        }
        for name, title in TITLES.items()
    }


def _growth(found: dict[str, Any]) -> list[str]:
    columns = ("photos", "followees", "page", "connections", "p50 ms", "p99 ms", "server CPU ms")
    rows = [
        (
            f"{row['photos']:,}",
            row["followees"],
            row["page"],
            row["connections"],
            row["p50_ms"],
            row["p99_ms"],
            row["cpu_ms"],
            row["database_cpu_ms"],
            row["sql_ms"],
            row["memory_mb"],
        )
        for row in found["rows"]
    ]
    lines = [
        *_begun("The feed as data grows", found),
        f"One server process; {found['requests']} requests a row, each of another viewer, 20",
        "viewers of each kind. Whom they follow is scattered over all users, but for the silent",
        "kinds: those follow nobody but such as shared none of the newest tenth of the photos.",
        "Later pages begin anywhere, nine in ten of them before that silence. SQL is the execution",
        "time of all statements of one request (`pg_stat_statements`), database CPU that of all",
        "PostgreSQL's processes. The database and the load share one core, so at 4 connections",
        "they wait for each other.",
        "",
        *_table((*columns, "database CPU ms", "SQL ms", "memory MB"), rows),
    ]
    for followees, plan in found["plans"].items():
        largest = max(row["photos"] for row in found["rows"])
        lines += [
            f"The first page of who follows {followees} among {largest:,} photos, explained (the",
            "counting itself costs time, so the milliseconds are more than the request's):",
            "",
            "```",
            plan,
            "```",
            "",
        ]
    return lines


def _images(found: dict[str, Any]) -> list[str]:
    lines = [
        *_begun("Variants beside sharp", found),
        f"{found['versions']}. Each original becomes THUMB, MEDIUM and FULL (320, 1080, 2048) as",
        "WebP of quality 80 and effort 4, one thread. CPU is that of all processes of a side,",
        "for ours with the pipes, the parent and the walls around the child. `sharp, each` takes",
        "every size from the file, as its documentation has it; `sharp, cascade` decodes once.",
        "Likeness is SSIM (1 is the same), ΔE the mean ΔE2000, both against Lanczos from the whole",
        "source. What `JPEG too` costs beside WebP is what the worker really does.",
        "",
    ]
    for picture, ways in found["pictures"].items():
        best = min(way["cpu_ms"] for name, way in ways.items() if name.startswith("sharp"))
        lines += [f"### {picture}", ""]
        columns = ("way", "CPU ms", "images per CPU s", "to the better sharp")
        rungs = ("THUMB", "MEDIUM", "FULL")
        rows = [
            (
                name,
                way["cpu_ms"],
                f"{1000 / way['cpu_ms']:.2f}",
                f"{best / way['cpu_ms']:.2f}",
                *(_quality(way["sizes"][rung]) for rung in rungs),
            )
            for name, way in ways.items()
        ]
        lines += _table((*columns, *(f"{rung}: kB, likeness, ΔE" for rung in rungs)), rows)
    return lines


def _quality(size: dict[str, float]) -> str:
    return f"{size['bytes'] / 1000:.0f}, {size['likeness']:.4f}, {size['delta_e']:.2f}"


def _burst(found: dict[str, Any]) -> list[str]:
    width, height = found["pixels"]
    lost = found["sent"] - found["ready"]
    rows = [
        ("uploads", found["sent"]),
        ("failed", len(found["failures"])),
        ("lost (acknowledged or not, never READY)", lost),
        ("acknowledged, p50", f"{found['acknowledged_p50_ms']:.0f} ms"),
        ("acknowledged, p99", f"{found['acknowledged_p99_ms']:.0f} ms"),
        ("acknowledged, slowest", f"{found['acknowledged_most_ms']:.0f} ms"),
        ("all READY after the last one", f"{found['drained_s']:.0f} s"),
        ("feed before, p50 and p99", _pair(found, "feed_alone")),
        (f"feed meanwhile, p50 and p99 of {found['feed_requests']:,}", _pair(found, "feed")),
        ("audit with hashes", "clean" if found["audit"] == "clean" else "not clean"),
    ]
    return [
        *_begun("A burst of uploads", found),
        f"{found['per_s']:g} pictures a second for {found['seconds']:g} s, {width} by {height}",
        f"pixels and {found['bytes'] / 1000:.0f} kB each, over HTTP: createUpload, PUT to the",
        "store, publishPhoto. Acknowledged is all three. `picshare dev` with its API, worker,",
        "store and database, the uploading clients and the reader share this machine.",
        "",
        *_table(("", "seen"), rows),
    ]


def _pair(found: dict[str, Any], name: str) -> str:
    return f"{found[f'{name}_p50_ms']:.0f} and {found[f'{name}_p99_ms']:.0f} ms"


if __name__ == "__main__":
    main()
