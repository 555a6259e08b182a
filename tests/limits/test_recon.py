"""What is asked only to learn about the server tells nothing that is not meant to be told."""

import secrets

import pytest
from graphql import GraphQLError

from storage import photos
from tests.limits.conftest import codes

TOLD = ("Did you mean", "Traceback", 'File "', "site-packages", "/work/", "select ", "asyncpg")
CIRCLE = "{ __schema { types { " + "fields { type { " * 4 + "name" + " } }" * 4 + " } } }"
PROBES = [
    {"json": {"query": "{ __schema { types { name } } }"}},
    {"json": {"query": '{ __type(name: "User") { name } }'}},
    {"json": {"query": CIRCLE}},
    {"json": {"query": "{ viewr { id } }"}},
    {"json": {"query": "{ viewer { pasword email } }"}},
    {"json": {"query": "{ user(usrname: 1) { id } }"}},
    {"json": {"query": "{ feed(order: TPO) { edges { cursor } } }"}},
    {"json": {"query": "mutation { logIn(input: {}) { errors { code } } }"}},
    {"json": {"query": "query($a: Strin) { __typename }"}},
    {"json": {"query": "{ viewer"}},
    {"json": {"query": "{ viewer { id } }"}, "headers": {"apollo-tracing": "1", "X-Debug": "1"}},
    {"content": b"{", "headers": {"Content-Type": "application/json"}},
]


@pytest.mark.parametrize("probe", PROBES)
async def test_a_probe_learns_nothing(serving, probe):
    async with serving(introspection=False) as client:
        answer = await client.post("/graphql", **probe)
        page = await client.get("/graphql", headers={"Accept": "text/html"})

    assert not [told for told in TOLD if told in answer.text]
    assert "extensions" not in answer.json()
    assert "X-Powered-By" not in answer.headers
    if "{ __" in str(probe) and "$a" not in str(probe):
        assert set(codes(answer)) == {"INTROSPECTION_DISABLED"}
    assert page.status_code == 404
    assert "GraphiQL is switched off" in page.text


class Carrying(Exception):
    """An exception that carries what libraries put there."""

    def __init__(self, canary):
        super().__init__(canary)
        self.extensions = {"canary": canary}


@pytest.mark.parametrize("kind", [Carrying, RuntimeError, KeyError, OSError, ValueError])
async def test_what_an_exception_carries_is_shown_to_nobody(client, monkeypatch, kind):
    canary = f"canary{secrets.token_hex(8)}"

    async def broken(*_):
        raise kind(canary) from GraphQLError(canary)

    monkeypatch.setattr(photos, "newest_public", broken)
    answer = await client.post("/graphql", json={"query": "{ photos { edges { cursor } } }"})

    assert canary not in answer.text
    assert len(codes(answer)) == 1
    assert "requestId" in answer.text or codes(answer) == ["SERVICE_UNAVAILABLE"]
