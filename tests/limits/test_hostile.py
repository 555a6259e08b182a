"""How long the worst documents within and beyond the limits take, and how long they block."""

import asyncio
import time

import pytest

from resolvers.graph import core
from server.graphql.execution import Execution
from server.graphql.requests import Asked
from tests.limits import test_limits as texts

ROUNDS = 5


def compared(n):
    """As many fields as may stand in one place, each with as many below."""
    below = " ".join(["id username bio displayName isPrivate createdAt"] * 2)
    return "{ photos { edges { node { " + f"owner {{ {below} }} " * n + "} } } }"


def spread(n):
    names = " ".join(f"...F{i}" for i in range(n))
    each = "".join(f"fragment F{i} on User {{ id username bio }} " for i in range(n))
    return "{ viewer { " + names + " } } " + each


CASES = {
    "depth 15": texts.plain(15),
    "depth 16": texts.plain(16),
    "depth 199": texts.plain(199),
    "doubling 12": texts.doubled(12),
    "doubling 60": texts.doubled(60),
    "aliases 31": texts.aliased(31),
    "aliases 300": texts.aliased(300),
    "same field 500": texts.repeated(500),
    "same with selection 240": texts.repeated_with_selection(240),
    "directives 50 unknown": texts.directed(50),
    "directives 400": texts.directed(400),
    "compared 10 x 12": compared(10),
    "fragments 20": spread(20),
    "fragments 101": spread(101),
    "list of 900": "{ nodes(ids: [" + "1 " * 900 + "]) { id } }",
    "unknown 900": "{ viewer { " + " ".join(f"x{i}" for i in range(900)) + " } }",
    "variables 190": "query(" + " ".join(f"$v{i}: Int" for i in range(190)) + ") { __typename }",
    "32 kB string": '{ user(username: "' + "a" * 32_000 + '") { id } }',
    "commas 32 kB": "{ __typename " + "," * 32_000 + "}",
}


async def blocked(work):
    """The longest time in which the loop did nothing else while *work* was done, and its own."""
    longest, over = 0.0, asyncio.Event()

    async def tick():
        nonlocal longest
        while not over.is_set():
            started = time.perf_counter()
            await asyncio.sleep(0)
            longest = max(longest, time.perf_counter() - started)

    ticking = asyncio.create_task(tick())
    await asyncio.sleep(0)
    started = time.perf_counter()
    await work
    took = time.perf_counter() - started
    over.set()
    await ticking
    return longest, took


@pytest.mark.torture
async def test_hostile_documents_are_measured():
    execution = Execution(core)
    for name, text in CASES.items():
        rounds = []
        for number in range(ROUNDS):
            asked = Asked(f"{text} #{number}", {}, None, may_write=True)
            rounds.append(await blocked(execution.prepared(asked)))
        found = await execution.prepared(Asked(text, {}, None, may_write=True))
        told = found.errors[0].extensions.get("code", "invalid") if found.errors else "admitted"
        block, took = (min(times) * 1_000 for times in zip(*rounds, strict=True))
        print(f"| {name} | {len(text)} | {told} | {took:.1f} | {block:.1f} |")  # noqa: T201
    execution.close()
