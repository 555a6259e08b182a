"""What may have ended a worker runs alone."""

import asyncio

import pytest

from workers.floor import Floor, Taken


async def begun(coroutine):
    task = asyncio.create_task(coroutine)
    await asyncio.sleep(0)
    return task


async def test_who_is_to_be_alone_waits_for_others_and_others_wait_for_them():
    floor = Floor()
    await floor.enter(alone=False)
    suspect = await begun(floor.enter(alone=True))
    other = await begun(floor.enter(alone=False))
    assert not suspect.done()

    floor.leave(alone=False)
    await suspect
    assert not other.done()

    floor.leave(alone=True)
    await other


async def test_a_second_one_is_turned_away():
    floor = Floor()
    await floor.enter(alone=False)
    suspect = await begun(floor.enter(alone=True))

    with pytest.raises(Taken):
        await floor.enter(alone=True)

    floor.leave(alone=False)
    await suspect
    with pytest.raises(Taken):
        await floor.enter(alone=True)
    floor.leave(alone=True)
    await floor.enter(alone=True)


async def test_who_no_longer_waits_stands_in_nobody_s_way():
    floor = Floor()
    await floor.enter(alone=False)
    suspect = await begun(floor.enter(alone=True))
    other = await begun(floor.enter(alone=False))

    suspect.cancel()

    await other
    floor.leave(alone=False)
    floor.leave(alone=False)
    await floor.enter(alone=True)
