"""D4: spoilt connections to PostgreSQL and the store: nobody waits for ever, nothing is wrong."""

import asyncio
import os
import random
from contextlib import asynccontextmanager
from dataclasses import replace
from urllib.parse import urlsplit

import pytest

from server.embedded.processes import Process
from storage import revisions
from storage.database import Database
from tests.durability.people import Ledger
from tests.durability.system import (
    Part,
    System,
    complaints,
    own_database,
    own_store,
    serving,
    settings_for,
    verb,
)
from tests.durability.test_everything import audit, back, compare, settled, used
from tests.durability.toxics import Toxic, linked
from tests.load.shooting import tell
from tests.services import reachable_directory

SECONDS = float(os.environ.get("PICSHARE_TEST_TOXIC_S", "5"))
BACK_S = 10.0
HANGS = {"ReadTimeout", "WriteTimeout", "PoolTimeout", "ConnectTimeout"}


@asynccontextmanager
async def spoilt_system():
    """An API and a worker that reach PostgreSQL and the store by links only; both links."""
    with own_database() as database, own_store() as store, reachable_directory() as directory:
        await revisions.upgrade(database.url)
        to_store = urlsplit(store.address.endpoint)
        path = str(database.cluster.socket_directory / ".s.PGSQL.5432")
        async with (
            linked(lambda: asyncio.open_unix_connection(path)) as first,
            linked(lambda: asyncio.open_connection(to_store.hostname, to_store.port)) as second,
        ):
            url = database.url.replace("@/", f"@127.0.0.1:{first.address[1]}/").partition("?")[0]
            spoilt = replace(store.address, endpoint=f"http://127.0.0.1:{second.address[1]}")
            direct = {"s3_public_endpoint": store.address.endpoint}
            settings = settings_for(url, spoilt, directory, **direct)
            log = directory / "log"
            # The links are served by this very loop.
            api = await asyncio.to_thread(Part, lambda: serving(settings, log))
            working = verb("work", settings, directory / "worker.log")
            worker = await asyncio.to_thread(Part, lambda: Process(working))
            try:
                yield System(settings, log, database, store, api, worker), (first, second)
            finally:
                for part in (worker, api):
                    await asyncio.to_thread(part.stop)


@pytest.mark.torture
async def test_nobody_waits_for_ever_and_nothing_is_wrong():
    chance, ledger, gaps = random.Random(1), Ledger(), {}
    async with spoilt_system() as (system, links):
        async with used(system, ledger, chance) as http:
            for toxic in list(Toxic)[1:]:
                for link, name in zip(links, ("PostgreSQL", "the store"), strict=True):
                    before = ledger.size()
                    link.be(toxic)
                    await asyncio.sleep(SECONDS)
                    link.be(Toxic.NONE)
                    gaps[f"{toxic}, {name}"] = await back(http)
                    tell(
                        f"D4, {toxic}, {name}: {ledger.size() - before} acknowledged, well again "
                        f"after {gaps[f'{toxic}, {name}']:.2f} s"
                    )
        database = Database(system.database.url, pool_size=2)
        await settled(database)
        await compare(database, ledger)
        await database.close()
        await asyncio.to_thread(audit, system)
        wrong = [*ledger.wrong, *complaints(system.log)]

    tell(f"{ledger.size()} things; repeated {dict(ledger.repeated)}")
    tell("\n".join(wrong))
    assert wrong == []
    assert not HANGS & ledger.repeated.keys()
    assert max(gaps.values()) <= BACK_S
