from collections.abc import Iterator
from pathlib import Path

import pytest

from server.embedded import postgres, store
from server.embedded.postgres import Cluster
from tests.services import embedded, reachable_directory


@pytest.fixture
def directory() -> Iterator[Path]:
    with reachable_directory() as made:
        yield made


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    """Data of a PostgreSQL that was started and stopped once."""
    with reachable_directory() as made:
        found = Cluster(made / "postgres", made / "postgres.log", is_durable=False)
        postgres.start(found).stop()
        yield found


@pytest.fixture
def own_store(directory: Path) -> store.Store:
    """A store of its own, for tests that kill it."""
    return embedded(directory)
