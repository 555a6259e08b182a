"""Servers are compared only when they give the same answers."""

from itertools import islice

import orjson

from bench import load
from bench.requests import People, sequence
from bench.servers import Server

REQUESTS = ("feed", "photo", "profile")
SEED = 7


class Differs(Exception):
    """Two servers answered one request differently."""


async def alike(running: list[Server], asked: People, each: int) -> int:
    """How many requests all of them answered with the same JSON. Raises Differs."""
    for name in REQUESTS:
        bodies = [await _bodies(server, name, asked, each) for server in running]
        for n, (first, *others) in enumerate(zip(*bodies, strict=True)):
            for server, other in zip(running[1:], others, strict=True):
                if first != other:
                    where = _difference(first, other)
                    raise Differs(f"{name} {n}: {running[0].name} and {server.name}, at {where}")
        if any("errors" in body for body in bodies[0]):
            raise Differs(f"{name}: an answer has errors")
    return each * len(REQUESTS)


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
