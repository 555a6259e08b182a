"""A server in a process of its own, as it is run by default, and somebody whom it serves."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from time import perf_counter

import pytest

from tests.load.apis import Api, serving
from tests.load.shooting import Shooter, quantile, request, statuses, tell
from tests.making import make_photo

BEFORE_S = 3
LONG_S = 600
PHOTOS = "{ photos(first: 10) { edges { node { id owner { username } } } } }"


@pytest.fixture
def plain(settings):
    """The settings that anybody gets who sets nothing, but for the limits of rates."""
    return settings.model_copy(update={"deadline_s": 2.0})


@pytest.fixture
def api(plain, database, objects, tmp_path) -> Iterator[Api]:
    with serving(plain, tmp_path / "log") as api:
        yield api


class Victim:
    """Somebody who goes on asking while others do what they do."""

    def __init__(self, url: str, per_s: float) -> None:
        self.shots = []
        self._shooter, self._per_s = Shooter(url), per_s
        self._asking = request(PHOTOS)

    async def ask_for(self, seconds: float) -> None:
        """Ask, and note each answer as it comes."""
        began = perf_counter()
        async with asyncio.TaskGroup() as group:
            for number in range(int(self._per_s * seconds)):
                due = began + number / self._per_s
                await asyncio.sleep(max(0.0, due - perf_counter()))
                group.create_task(self._shoot(due))

    async def _shoot(self, due: float) -> None:
        self.shots.append(await self._shooter.shoot(due, self._asking))

    def close(self) -> None:
        self._shooter.close()

    def tell(self, name: str) -> None:
        found = f"p50 {quantile(self.shots, 0.5) * 1000:.1f} ms, "
        found += f"p99 {quantile(self.shots, 0.99) * 1000:.1f} ms"
        tell(f"{name}: victim {statuses(self.shots)}, {found}")


@pytest.fixture
def victim(database, ann):
    """Asks so many times a second in here; every answer was good."""

    @asynccontextmanager
    async def victim(api: Api, name: str, per_s: float = 50) -> AsyncIterator[Victim]:
        await make_photo(database, ann)
        found = Victim(api.url, per_s)
        await found.ask_for(BEFORE_S)
        found.tell("before")
        found.shots.clear()
        asking = asyncio.create_task(found.ask_for(LONG_S))
        try:
            yield found
        finally:
            asking.cancel()
            await asyncio.gather(asking, return_exceptions=True)
            found.close()
        found.tell(name)
        assert set(statuses(found.shots)) == {200}

    return victim
