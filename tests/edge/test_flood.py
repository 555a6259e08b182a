"""G12 as it is meant: a flood for many seconds, from several clients over several servers."""

import asyncio
import itertools
import time

import httpx
import pytest

POINTS_A_SECOND = 300
BURST = 600
SECONDS = 20
# Each takes 10 points, whether it is executed or refused.
BODIES = [b'{"query": "{ __typename }"}', b'{"query": "{ nothing }"}', b"{"]


async def _flood(url, headers, per_s):
    """An open loop: so many requests a second, whatever becomes of them; their statuses."""
    bodies, began = itertools.cycle(BODIES), time.perf_counter()
    async with httpx.AsyncClient(timeout=60) as client, asyncio.TaskGroup() as group:

        async def ask():
            answer = await client.post(url, content=next(bodies), headers=headers)
            return answer.status_code

        asking = []
        for number in range(int(per_s * SECONDS)):
            await asyncio.sleep(max(0.0, began + number / per_s - time.perf_counter()))
            asking.append(group.create_task(ask()))
    return [each.result() for each in asking]


@pytest.mark.torture
async def test_points_of_several_processes_are_exact(serving, ann):
    """Four clients, two servers, three times the budget, two thirds of it invalid."""
    few = {
        "rate_store": "postgres",
        "rate_points_per_minute": POINTS_A_SECOND * 60,
        "rate_burst_points": BURST,
    }
    apis = [serving(**few), serving(**few)]
    headers = {"Authorization": f"Bearer {ann.token}", "Content-Type": "application/json"}
    budget_per_s = POINTS_A_SECOND / 10
    began = time.perf_counter()

    floods = await asyncio.gather(
        *(_flood(f"{apis[n % 2].url}/graphql", headers, budget_per_s * 3 / 4) for n in range(4))
    )

    lasted = time.perf_counter() - began
    statuses = [status for statuses in floods for status in statuses]
    admitted = sum(status != 429 for status in statuses)
    most = BURST / 10 + budget_per_s * lasted
    print(f"{len(statuses)} requests, {admitted} admitted, {most:.0f} the most")  # noqa: T201
    assert set(statuses) == {200, 400, 429}
    assert most * 0.95 <= admitted <= most * 1.01, (admitted, len(statuses), most)
