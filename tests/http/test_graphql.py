"""Operations over HTTP: which one runs, and what a wrong one hears."""

import pytest

from tests.accounts.operations import SIGN_UP, account

BAD_INPUT = {"code": "BAD_USER_INPUT"}
TWO = "query A { __typename } query B { photos(first: 1) { pageInfo { hasNextPage } } }"


async def test_of_several_operations_the_named_one_runs(client):
    answer = await client.post("/graphql", json={"query": TWO, "operationName": "A"})

    assert (answer.status_code, answer.json()) == (200, {"data": {"__typename": "Query"}})


@pytest.mark.parametrize(
    ("name", "message"),
    [
        (None, "the document has several operations; say which by operationName"),
        ("", "the document has several operations; say which by operationName"),
        ("C", "the document has no operation of the name in operationName"),
        ("a", "the document has no operation of the name in operationName"),
    ],
)
async def test_without_the_name_of_one_of_them_none_runs(client, name, message):
    answer = await client.post("/graphql", json={"query": TWO, "operationName": name})

    assert answer.json() == {"errors": [{"message": message, "extensions": BAD_INPUT}]}


async def test_the_only_operation_must_have_the_name_that_is_asked_for(client):
    body = {"query": "query A { __typename }", "operationName": "B"}

    answer = await client.post("/graphql", json=body)

    assert answer.json()["errors"][0]["extensions"] == BAD_INPUT


async def test_an_unknown_field_is_told_with_its_place(post):
    answer = await post("{\n  nothing\n}")

    assert answer.json() == {
        "errors": [
            {
                "message": "Cannot query field 'nothing' on type 'Query'.",
                "locations": [{"line": 2, "column": 3}],
                "extensions": BAD_INPUT,
            }
        ]
    }


@pytest.mark.parametrize(
    ("declared", "value"),
    [
        ("Int", "1"),
        ("Int", 1.5),
        ("Int", 2**31),
        ("Int", [1]),
        ("Int", {"a": 1}),
        ("Int!", None),
    ],
)
async def test_a_variable_of_the_wrong_type_is_told(post, declared, value):
    query = f"query($first: {declared}) {{ photos(first: $first) {{ edges {{ cursor }} }} }}"

    answer = await post(query, first=value)

    assert answer.status_code == 200
    assert [error["extensions"] for error in answer.json()["errors"]] == [BAD_INPUT]
    assert "data" not in answer.json()


async def test_a_variable_that_is_missing_is_told(post):
    answer = await post("query($id: ID!) { node(id: $id) { id } }")

    assert [error["extensions"] for error in answer.json()["errors"]] == [BAD_INPUT]


async def test_unknown_members_of_an_input_are_refused(post):
    answer = await post(SIGN_UP, input=account(isAdmin=True))

    assert [error["extensions"] for error in answer.json()["errors"]] == [BAD_INPUT]
    assert "data" not in answer.json()
