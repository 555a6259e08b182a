"""Servers are compared only when they give the same answers."""

from itertools import islice
from time import time

import orjson

from bench import load
from bench.requests import People, sequence
from bench.servers import Server

REQUESTS = ("feed", "photo", "profile")
SEED = 7
# For so long the addresses of restricted photos stay as they are.
WINDOW_S = 300


class Differs(Exception):
    """Two servers answered one request differently."""


async def alike(running: list[Server], asked: People, each: int) -> int:
    """How many requests all of them answered with the same JSON. Raises Differs."""
    for name in REQUESTS:
        bodies = await _asked(running, name, asked, each)
        for n, (first, *others) in enumerate(zip(*bodies, strict=True)):
            for server, other in zip(running[1:], others, strict=True):
                if first != other:
                    where = _difference(first, other)
                    raise Differs(f"{name} {n}: {running[0].name} and {server.name}, at {where}")
        if any("errors" in body for body in bodies[0]):
            raise Differs(f"{name}: an answer has errors")
    return each * len(REQUESTS)


async def _asked(
    running: list[Server], name: str, asked: People, each: int
) -> list[list[dict[str, object]]]:
    """The answers of all servers, within one window of the signed addresses."""
    while True:
        window = time() // WINDOW_S
        bodies = [await _bodies(server, name, asked, each) for server in running]
        if time() // WINDOW_S == window:
            return bodies


async def _bodies(server: Server, name: str, asked: People, each: int) -> list[dict[str, object]]:
    requests = islice(sequence(name, asked, SEED), each)
    answers = await load.run(server.port, requests, connections=1, total=each, keep=True)
    return [orjson.loads(body) for body in answers.bodies]


def _difference(one: object, other: object, path: str = "") -> str:
    if isinstance(one, dict) and isinstance(other, dict) and one.keys() == other.keys():
        pairs = [(key, one[key], other[key]) for key in one]
    elif isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        pairs = list(zip(range(len(one)), one, other, strict=True))
    else:
        return f"{path}: {str(one)[:300]} and {str(other)[:300]}"
    return next(_difference(a, b, f"{path}.{key}") for key, a, b in pairs if a != b)
