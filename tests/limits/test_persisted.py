"""Documents that are asked for by a hash or an id, over every way to ask."""

import gc
import hashlib
import json
import resource
import tracemalloc
from pathlib import Path

import pytest

from resolvers.graph import core
from server.app import create_app
from server.graphql.execution import Execution
from server.graphql.limits import Limits
from server.graphql.persisted import BadManifest, Persisted, manifest
from server.graphql.requests import Asked
from server.settings import SettingsError
from tests.limits.conftest import codes, socket

QUERY = "query Name { __typename }"
SHA = hashlib.sha256(QUERY.encode()).hexdigest()
ANSWER = {"data": {"__typename": "Query"}}
TRUSTED = "query Trusted { viewer { id } }"
OTHER = "query Other { __typename }"
OTHER_SHA = hashlib.sha256(OTHER.encode()).hexdigest()
# graphql-codegen has named documents by SHA-1, and relay-compiler does so by MD5.
ID = hashlib.sha1(TRUSTED.encode()).hexdigest()
RELAY_ID = hashlib.md5(TRUSTED.encode()).hexdigest()
MEGABYTE = 1024**2


def apq(sha256=SHA, **members):
    return members | {"extensions": {"persistedQuery": {"version": 1, "sha256Hash": sha256}}}


@pytest.fixture
def manifests(tmp_path):
    """Both manifests, as the setting names them."""
    codegen, relay = tmp_path / "persisted-documents.json", tmp_path / "relay.json"
    codegen.write_text(json.dumps({ID: TRUSTED, SHA: QUERY, f"sha256:{OTHER_SHA}": OTHER}))
    relay.write_text(json.dumps({RELAY_ID: TRUSTED}))
    return f"{codegen}, {relay}"


async def test_a_query_is_sent_once_with_its_hash_and_then_by_its_hash(serving):
    async with serving() as client:
        for _ in range(2):
            unknown = await client.post("/graphql", json=apq())
            assert unknown.json()["errors"] == [
                {
                    "message": "PersistedQueryNotFound",
                    "extensions": {"code": "PERSISTED_QUERY_NOT_FOUND"},
                }
            ]
        assert (await client.post("/graphql", json=apq(query=QUERY))).json() == ANSWER
        assert (await client.post("/graphql", json=apq())).json() == ANSWER
        extensions = json.dumps(apq()["extensions"])
        assert (await client.get("/graphql", params={"extensions": extensions})).json() == ANSWER
        stream = await client.post("/graphql", json=apq(), headers={"Accept": "text/event-stream"})
        assert json.dumps(ANSWER, separators=(",", ":")) in stream.text


async def test_a_hash_of_another_text_is_refused_and_not_kept(serving):
    async with serving() as client:
        other = await client.post("/graphql", json=apq(query="{ viewer { id } }"))
        assert codes(other) == ["PERSISTED_QUERY_MISMATCH"]
        assert codes(await client.post("/graphql", json=apq())) == ["PERSISTED_QUERY_NOT_FOUND"]


async def test_what_is_not_valid_is_not_kept(serving):
    wrong = "{ nothing }"
    sha = hashlib.sha256(wrong.encode()).hexdigest()
    async with serving() as client:
        assert codes(await client.post("/graphql", json=apq(sha, query=wrong))) == [
            "BAD_USER_INPUT"
        ]
        assert codes(await client.post("/graphql", json=apq(sha))) == ["PERSISTED_QUERY_NOT_FOUND"]


@pytest.mark.parametrize(
    "extensions",
    [
        {"persistedQuery": {"version": 2, "sha256Hash": SHA}},
        {"persistedQuery": {"version": 1}},
        {"persistedQuery": {"version": 1, "sha256Hash": 1}},
        {"persistedQuery": {"version": 1, "sha256Hash": "a" * 257}},
        {"persistedQuery": []},
        {"cost": {}},
    ],
)
async def test_odd_extensions_are_refused(client, extensions):
    answer = await client.post("/graphql", json={"query": QUERY, "extensions": extensions})
    assert (answer.status_code, codes(answer)) == (400, ["BAD_USER_INPUT"])


async def test_a_write_is_not_done_by_get_however_it_is_named(serving):
    query = "mutation { logOut { errors { code } } }"
    sha = hashlib.sha256(query.encode()).hexdigest()
    async with serving() as client:
        await client.post("/graphql", json=apq(sha, query=query))
        extensions = json.dumps(apq(sha)["extensions"])
        got = await client.get("/graphql", params={"extensions": extensions})
    assert got.status_code == 405


async def test_trusted_documents_are_known_by_every_name(serving, manifests):
    async with serving(trusted_documents=manifests) as client:
        for members in (
            {"documentId": ID},
            {"documentId": RELAY_ID},
            {"id": RELAY_ID},
            {"doc_id": RELAY_ID, "query": None},
            {"documentId": ID, "query": TRUSTED},
            apq(ID),
        ):
            answer = await client.post("/graphql", json=members)
            assert answer.json() == {"data": {"viewer": None}}
        by_address = await client.get("/graphql", params={"documentId": ID})
        assert by_address.json() == {"data": {"viewer": None}}
        prefixed = await client.post("/graphql", json={"documentId": f"sha256:{SHA}"})
        assert prefixed.json() == ANSWER
        # Today's graphql-codegen writes the prefix itself; clients send the id with it or without.
        for body in ({"documentId": OTHER_SHA}, apq(OTHER_SHA), apq(f"sha256:{OTHER_SHA}")):
            assert (await client.post("/graphql", json=body)).json() == ANSWER
        assert (await client.post("/graphql", json={"query": QUERY})).json() == ANSWER
        other = {"documentId": ID, "query": QUERY}
        assert codes(await client.post("/graphql", json=other)) == ["PERSISTED_QUERY_MISMATCH"]
        unknown = {"documentId": "unknown"}
        assert codes(await client.post("/graphql", json=unknown)) == ["DOCUMENT_NOT_FOUND"]


async def test_only_trusted_documents_are_answered_when_so_set(serving, manifests):
    async with serving(trusted_documents=manifests, document_mode="only") as client:
        assert (await client.post("/graphql", json={"documentId": ID})).json() == {
            "data": {"viewer": None}
        }
        assert (await client.post("/graphql", json=apq())).json() == ANSWER
        for members in (
            {"query": "{ __typename }"},
            {"query": TRUSTED + " "},
            {"documentId": "unknown"},
            apq("0" * 64),
            apq(hashlib.sha256(b"{ __typename }").hexdigest(), query="{ __typename }"),
        ):
            answer = await client.post("/graphql", json=members)
            assert codes(answer) == ["DOCUMENT_NOT_TRUSTED"]
            assert "data" not in answer.json()
        page = await client.get("/graphql", headers={"Accept": "text/html"})
        assert page.status_code == 404
        assert "Only trusted documents are answered here" in page.text


async def test_nothing_has_a_hash_when_so_set(serving, manifests):
    async with serving(trusted_documents=manifests, document_mode="off") as client:
        assert codes(await client.post("/graphql", json=apq())) == ["PERSISTED_QUERY_NOT_SUPPORTED"]
        unknown = await client.post("/graphql", json={"documentId": ID})
        assert codes(unknown) == ["DOCUMENT_NOT_FOUND"]
        assert (await client.post("/graphql", json={"query": QUERY})).json() == ANSWER


async def test_over_a_websocket_too(serving, manifests):
    asked = [
        (apq("0" * 64), "error", "PERSISTED_QUERY_NOT_FOUND"),
        ({"query": "{ " + "viewer { id } " * 21 + "}"}, "error", "TOO_MANY_ROOT_FIELDS"),
        ({"query": "{ photos(first: 0) { edges { cursor } } }"}, "error", "BAD_USER_INPUT"),
        (apq(query=QUERY), "next", None),
        ({"documentId": ID}, "next", None),
    ]
    async with (
        serving(trusted_documents=manifests) as client,
        socket(client) as (send, receive),
    ):
        await send({"type": "connection_init"})
        assert await receive() == {"type": "connection_ack"}
        for number, (payload, kind, code) in enumerate(asked):
            await send({"type": "subscribe", "id": str(number), "payload": payload})
            answer = await receive()
            assert (answer["type"], answer["id"]) == (kind, str(number))
            if code:
                assert [error["extensions"]["code"] for error in answer["payload"]] == [code]
            else:
                assert "errors" not in answer["payload"]
                assert await receive() == {"type": "complete", "id": str(number)}


def test_a_manifest_that_cannot_be_used_is_told_at_the_start(settings, tmp_path):
    path = tmp_path / "documents.json"
    for content, why in (("[", "is no JSON"), ("[]", "must be an object"), ('{"a": 1}', "must be")):
        path.write_text(content)
        with pytest.raises(BadManifest, match=why):
            manifest([path])
    with pytest.raises(BadManifest, match="No such file"):
        manifest([tmp_path / "absent"])
    other = tmp_path / "other.json"
    path.write_text(json.dumps({ID: TRUSTED}))
    other.write_text(json.dumps({ID: QUERY}))
    with pytest.raises(BadManifest, match=f"{ID} is another document"):
        manifest([path, other])
    changed = settings.model_copy(update={"trusted_documents": str(tmp_path / "absent")})
    with pytest.raises(SettingsError, match="PICSHARE_TRUSTED_DOCUMENTS: /"):
        create_app(changed)


async def test_hashes_that_are_sent_take_bounded_memory():
    tracemalloc.start()
    try:
        await send_hashes(500)
        taken, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert taken <= 16 * MEGABYTE


@pytest.mark.torture
async def test_however_many_hashes_are_sent_the_memory_is_bounded():
    before, count = resident(), 100_000
    execution = await send_hashes(count)
    taken = resident() - before
    execution.close()

    print(f"{count} hashes: {taken / MEGABYTE:.1f} MiB")  # noqa: T201 - The measured figure.
    assert taken <= 16 * MEGABYTE


async def send_hashes(count):
    execution = Execution(core, Limits(), Persisted(max_bytes=4 * MEGABYTE))
    for number in range(count):
        query = f"query Q{number} {{ __typename }}"
        sha = hashlib.sha256(query.encode()).hexdigest()
        asked = Asked(query, {}, None, may_write=True, sha256=sha)
        assert not (await execution.prepared(asked)).errors
    return execution


def resident():
    """The memory of this process in bytes."""
    gc.collect()
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()


def test_the_longest_unused_hash_makes_room():
    persisted = Persisted(max_bytes=1_300)
    asked = [
        Asked(text, {}, None, may_write=True, sha256=hashlib.sha256(text.encode()).hexdigest())
        for text in ("{ a }", "{ b }", "{ c }", "{ d }")
    ]
    for each in asked[:3]:
        persisted.keep(each)
    assert persisted.text(Asked("", {}, None, may_write=True, sha256=asked[0].sha256)) == "{ a }"
    persisted.keep(asked[3])

    known = []
    for each in asked:
        try:
            known.append(persisted.text(Asked("", {}, None, may_write=True, sha256=each.sha256)))
        except Exception as error:  # noqa: BLE001
            known.append(str(error))
    assert known == ["{ a }", "PersistedQueryNotFound", "{ c }", "{ d }"]
