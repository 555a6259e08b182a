"""`python -m bench.burst`: a minute of uploads by whole clients, and what a reader notices of it.

BENCH_BURST_S shortens the minute, BENCH_BURST_PER_S changes the rate.
"""

import asyncio
import base64
import hashlib
import io
import json
import os
import time
from dataclasses import dataclass, field
from http import HTTPStatus
from statistics import median
from typing import Any

import httpx
import uvloop
from PIL import Image

from bench import machine, results
from bench.lines import LeanApi, Lines
from bench.requests import FEED
from server.client import uploads
from server.client.accounts import Account
from server.client.api import done
from server.embedded import postgres
from tests.running import Running, started

PER_S = float(os.environ.get("BENCH_BURST_PER_S", "23"))
SECONDS = float(os.environ.get("BENCH_BURST_S", "60"))
SIZE = (1200, 900)
UPLOADERS = 20
PROBES_PER_S = 10
MOST_WAIT_S = 900
BATCH = 100
PASSWORD = "correct horse battery"
LIMITS = {
    "PICSHARE_RATE_POINTS_PER_MINUTE": "1000000000",
    "PICSHARE_RATE_BURST_POINTS": "1000000000",
    "PICSHARE_LOG_LEVEL": "warning",
}
FOLLOW = "mutation Follow($id: ID!) { followUser(id: $id) { errors { code message } } }"
STATUSES = "query Statuses($ids: [ID!]!) { nodes(ids: $ids) { ... on Photo { id status } } }"


@dataclass(slots=True)
class Seen:
    """What happened, in seconds."""

    acknowledged: dict[str, float] = field(default_factory=dict)
    feeds: list[float] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    sent_for_s: float = 0.0


def main() -> None:
    """Upload, wait until all is made, audit, print and keep."""
    with started(**LIMITS) as running:
        found = uvloop.run(_burst(running))
        audited = running.picshare(
            "audit", "--verify", "--grace-s", "0", "--json", **_services(running)
        )
    found["audit"] = "clean" if audited.returncode == 0 else audited.stdout + audited.stderr
    print(json.dumps(found, indent=2))
    results.keep("burst", "python -m bench.burst", found)


def _services(running: Running) -> dict[str, str]:
    """Where the embedded database and store of that server are reached."""
    folder = running.data_dir
    cluster = postgres.Cluster(folder / "postgres", folder / "logs" / "postgres.log")
    return {
        "PICSHARE_DATABASE_URL": cluster.url,
        "PICSHARE_S3_ENDPOINT": running.store.endpoint,
        "PICSHARE_S3_ACCESS_KEY": running.store.access_key,
        "PICSHARE_S3_SECRET_KEY": running.store.secret_key,
        "PICSHARE_S3_BUCKET": running.store.bucket,
    }


async def _burst(running: Running) -> dict[str, Any]:
    async with httpx.AsyncClient() as http:
        api = LeanApi(http, f"{running.url}/graphql")
        reader, *owners = [await _signed_up(api, n) for n in range(UPLOADERS + 1)]
        for owner in owners:
            await reader.ask(FOLLOW, id=owner.id)
        picture, seen = _picture(), Seen()
        quiet = Seen()
        await _probe(reader, quiet, time.perf_counter() + 3)
        probing = asyncio.create_task(_probe(reader, seen, time.perf_counter() + SECONDS))
        await _upload(owners, api.lines, picture, seen)
        await probing
        ready, drained_s = await _drained(reader, list(seen.acknowledged))
        api.lines.close()
    return _found(seen, quiet, ready, drained_s, len(picture))


async def _signed_up(api: LeanApi, n: int) -> Account:
    name = f"burst{n}"
    mail = f"{name}@example.org"
    return await Account.signed_up(api, username=name, email=mail, password=PASSWORD)


def _picture() -> bytes:
    grain = Image.effect_noise(SIZE, 24)
    slope = Image.linear_gradient("L").resize(SIZE)
    picture = Image.merge("RGB", (grain, slope, Image.blend(grain, slope, 0.7)))
    stream = io.BytesIO()
    picture.save(stream, "JPEG", quality=85)
    return stream.getvalue()


def _numbered(picture: bytes, n: int) -> bytes:
    """The same picture as another file: with a comment behind its first marker."""
    return picture[:2] + b"\xff\xfe" + (2 + 8).to_bytes(2) + n.to_bytes(8) + picture[2:]


async def _upload(owners: list[Account], lines: Lines, picture: bytes, seen: Seen) -> None:
    """Begin one upload after another at an even rate, however long each takes."""
    began = time.perf_counter()
    async with asyncio.TaskGroup() as group:
        for n in range(round(PER_S * SECONDS)):
            await asyncio.sleep(began + n / PER_S - time.perf_counter())
            data, owner = _numbered(picture, n), owners[n % len(owners)]
            group.create_task(_share(owner, lines, data, seen))
        seen.sent_for_s = time.perf_counter() - began


async def _share(owner: Account, lines: Lines, data: bytes, seen: Seen) -> None:
    began = time.perf_counter()
    digest = base64.b64encode(hashlib.sha256(data).digest()).decode()
    wanted = {"contentType": "image/jpeg", "byteSize": len(data), "checksumSha256": digest}
    try:
        answer = await owner.ask(uploads.CREATE, input=wanted)
        upload = done(answer["createUpload"])["upload"]
        await _put(lines, upload["request"], data)
        published = {"uploadId": upload["id"], "title": "One of many"}
        answer = await owner.ask(uploads.PUBLISH, input=published)
        photo = done(answer["publishPhoto"])["photo"]
    except Exception as error:  # noqa: BLE001 - All that failed is told at the end.
        seen.failures.append(repr(error)[:200])
    else:
        seen.acknowledged[photo["id"]] = time.perf_counter() - began


async def _put(lines: Lines, request: dict[str, Any], data: bytes) -> None:
    headers = {header["name"]: header["value"] for header in request["headers"]}
    status, said = await lines.send(request["method"], request["url"], headers, data)
    if status != HTTPStatus.OK:
        raise RuntimeError(f"the store answers {status}: {said[:200]!r}")


async def _probe(reader: Account, seen: Seen, until: float) -> None:
    while (began := time.perf_counter()) < until:
        await reader.ask(FEED, after=None)
        took = time.perf_counter() - began
        seen.feeds.append(took)
        await asyncio.sleep(max(0, 1 / PROBES_PER_S - took))


async def _drained(reader: Account, ids: list[str]) -> tuple[int, float]:
    """How many became READY, and how long that took after the last one was acknowledged."""
    began, left = time.perf_counter(), ids
    while left and time.perf_counter() - began < MOST_WAIT_S:
        batch = left[:BATCH]
        answer = await reader.ask(STATUSES, ids=batch)
        done_now = {node["id"] for node in answer["nodes"] if node and node["status"] == "READY"}
        left = [id for id in left if id not in done_now]
        if not done_now:
            await asyncio.sleep(1)
    return len(ids) - len(left), time.perf_counter() - began


def _found(seen: Seen, quiet: Seen, ready: int, drained_s: float, size: int) -> dict[str, Any]:
    taken = sorted(seen.acknowledged.values())
    return {
        "per_s": PER_S,
        "seconds": SECONDS,
        "sent_for_s": round(seen.sent_for_s, 1),
        "pixels": list(SIZE),
        "bytes": size,
        "sent": round(PER_S * SECONDS),
        "failures": seen.failures[:10],
        "acknowledged": len(taken),
        "acknowledged_p50_ms": _ms(median(taken)),
        "acknowledged_p99_ms": _ms(taken[int(len(taken) * 0.99)]),
        "acknowledged_most_ms": _ms(taken[-1]),
        "ready": ready,
        "drained_s": round(drained_s, 1),
        "feed_requests": len(seen.feeds),
        "feed_p50_ms": _ms(median(seen.feeds)),
        "feed_p99_ms": _ms(sorted(seen.feeds)[int(len(seen.feeds) * 0.99)]),
        "feed_alone_p50_ms": _ms(median(quiet.feeds)),
        "feed_alone_p99_ms": _ms(sorted(quiet.feeds)[int(len(quiet.feeds) * 0.99)]),
        "versions": machine.installed("picshare", "pillow"),
    }


def _ms(seconds: float) -> float:
    return round(1000 * seconds, 1)


if __name__ == "__main__":
    main()
