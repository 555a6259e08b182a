"""What graphql-cop looks for, looked for in the same way by a client of our own.

Source: the descriptions of its checks, https://github.com/dolevf/graphql-cop. Each check is told
by what it takes for a finding. Introspection, GraphiQL and queries by GET are there on purpose;
they are switched off here, as an operator can.
"""

import pytest

IDE_PATHS = ("/", "/graphiql", "/playground", "/console", "/graphql")
IDE_MARKS = (
    "graphiql.js",
    "graphiql.min",
    "GraphQL Playground",
    "GraphQL Console",
    "<title>Altair",
)
CIRCLE = "{ __schema { types { " + "fields { type { " * 4 + "name" + " } }" * 4 + " } } }"


def data(answer):
    """What a scanner takes for the data of an answer; nothing when there is none."""
    body = answer.json()
    return (body.get("data") or {}) if isinstance(body, dict) else {}


async def asked(client, query, **members):
    return await client.post("/graphql", json={"query": query, **members})


async def finds_alias_overloading(client):
    many = " ".join(f"alias{number}:__typename" for number in range(101))
    return "alias100" in data(await asked(client, f"query cop {{ {many} }}", operationName="cop"))


async def finds_batches(client):
    answer = await client.post("/graphql", json=[{"query": "query { __typename }"}] * 10)
    return isinstance(answer.json(), list)


async def finds_directive_overloading(client):
    answer = await asked(client, "query { __typename " + "@aa" * 10 + " }")
    return len(answer.json()["errors"]) == 10


async def finds_field_duplication(client):
    return "__typename" in data(await asked(client, "query { " + "__typename " * 500 + "}"))


async def finds_circular_introspection(client):
    return len(data(await asked(client, CIRCLE)).get("__schema", {}).get("types", [])) > 25


async def finds_suggestions(client):
    return "Did you mean" in (await asked(client, "query { __schema { directive } }")).text


async def finds_introspection(client):
    return "__schema" in data(
        await asked(client, "query { __schema { types { name fields { name } } } }")
    )


async def finds_an_ide(client):
    pages = [await client.get(path, headers={"Accept": "text/html"}) for path in IDE_PATHS]
    return any(mark in page.text for page in pages for mark in IDE_MARKS if page.is_success)


async def finds_tracing(client):
    answer = await client.post(
        "/graphql", json={"query": "{ __typename }"}, headers={"apollo-tracing": "1"}
    )
    return "tracing" in answer.text


async def finds_unhandled_errors(client):
    return "exception" in (await asked(client, "qwerty cop { abc }")).text.lower()


async def finds_queries_by_get(client):
    answer = await client.get("/graphql", params={"query": "query cop { __typename }"})
    return "__typename" in data(answer)


async def finds_mutations_by_get(client):
    answer = await client.get("/graphql", params={"query": "mutation cop { __typename }"})
    return "__typename" in data(answer)


async def finds_forms(client):
    answer = await client.post("/graphql", data={"query": "query cop { __typename }"})
    return "__typename" in data(answer)


CHECKS = [found for name, found in sorted(globals().items()) if name.startswith("finds_")]


def test_no_check_is_left_out():
    assert len(CHECKS) == 13


@pytest.mark.parametrize("finds", CHECKS)
async def test_nothing_is_found(serving, finds):
    async with serving(introspection=False, get_queries="off") as client:
        assert not await finds(client)


async def test_as_it_comes_only_what_is_meant_to_be_there_is_found(serving):
    async with serving() as client:
        found = {each.__name__ for each in CHECKS if await each(client)}

    assert found <= {"finds_introspection", "finds_an_ide", "finds_queries_by_get"}
    assert found >= {"finds_introspection", "finds_queries_by_get"}
