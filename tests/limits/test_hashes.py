"""A hundred thousand hashes that nobody has ever sent, to a whole server."""

import asyncio
import hashlib
import itertools
import json
import os

import pytest

from tests.load.apis import serving
from tests.load.shooting import Shooter

COUNT = int(os.environ.get("PICSHARE_TEST_HASHES", "100000"))
WARM = 1_000
CLIENTS = 8
MOST_MIB = 16
TRUSTED = "query Trusted { __typename }"


def posted(members):
    body = json.dumps(members).encode()
    head = "POST /graphql HTTP/1.1\r\nHost: api\r\nContent-Type: application/json\r\n"
    return f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body


def by_hash(text, **members):
    sha256 = hashlib.sha256(text.encode()).hexdigest()
    return members | {"extensions": {"persistedQuery": {"version": 1, "sha256Hash": sha256}}}


def text(number):
    return f"query Q{number} {{ __typename }}"


def unknown(number):
    """A hash that is not known, one with its text, an id that nobody gave, and a free text."""
    kinds = (
        by_hash(text(number)),
        by_hash(text(number), query=text(number)),
        {"documentId": hashlib.md5(text(number).encode()).hexdigest()},
        {"query": text(number)},
    )
    return kinds[number % len(kinds)]


def registered(number):
    return by_hash(text(number), query=text(number))


async def all_asked(url, numbers, members):
    """The different answers, and how often each was given."""
    found = {}

    async def client():
        shooter = Shooter(url)
        for number in numbers:
            answer = await shooter.ask(posted(members(number)))
            found[answer] = found.get(answer, 0) + 1
        shooter.close()

    await asyncio.gather(*(client() for _ in range(CLIENTS)))
    return found


@pytest.mark.torture
@pytest.mark.parametrize(("mode", "members"), [("only", unknown), ("allow", registered)])
async def test_memory_is_bounded(settings, database, objects, tmp_path, mode, members):
    manifest = tmp_path / "documents.json"
    manifest.write_text(json.dumps({"trusted": TRUSTED}))
    changed = {"document_mode": mode, "trusted_documents": str(manifest), "drain_s": 0.0}
    with serving(settings.model_copy(update=changed), tmp_path / "log") as api:
        numbers = itertools.count()
        await all_asked(api.url, itertools.islice(numbers, WARM), members)
        before = api.memory()
        found = await all_asked(api.url, itertools.islice(numbers, COUNT), members)
        taken = api.memory() - before

        print(f"{mode}: {COUNT} hashes, {before:.1f} MiB and {taken:.1f} more")  # noqa: T201
        assert sum(found.values()) == COUNT
        [(status, body)] = found
        told = json.loads(body)
        if mode == "only":
            assert [error["extensions"]["code"] for error in told["errors"]] == [
                "DOCUMENT_NOT_TRUSTED"
            ]
            assert "data" not in told
        else:
            assert (status, told) == (200, {"data": {"__typename": "Query"}})
        assert taken <= MOST_MIB
        assert api.complaints() == []
