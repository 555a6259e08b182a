"""A document at each limit is answered, one beyond it is refused before anything runs."""

import pytest
from graphql import Lexer, Source, TokenKind, get_introspection_query

from server.graphiql import examples
from server.graphql.limits import Limits, tokens
from tests.limits.conftest import codes

LIMITS = Limits()
MOST_BODY = 10_000


def plain(depth):
    return (
        "{ __schema { types " + "{ ofType " * (depth - 3) + "{ name }" + " }" * (depth - 3) + " } }"
    )


def inline(depth):
    inner = "name"
    for _ in range(depth - 3):
        inner = f"... on __Type {{ ofType {{ ... {{ {inner} }} }} }}"
    return f"{{ __schema {{ types {{ {inner} }} }} }}"


def named(depth):
    chain = " ".join(
        f"fragment F{n} on __Type {{ ofType {{ ...F{n + 1} }} }}" for n in range(depth - 3)
    )
    return (
        f"{{ __schema {{ types {{ ...F0 }} }} }} {chain} fragment F{depth - 3} on __Type {{ name }}"
    )


@pytest.fixture
async def post(client):
    async def post(query, **members):
        return await client.post("/graphql", json={"query": query, **members})

    return post


@pytest.mark.parametrize("form", [plain, inline, named])
@pytest.mark.parametrize("most", [10, LIMITS.depth])
async def test_depth_is_exact_and_the_same_in_all_forms(serving, form, most):
    async with serving(max_depth=most) as client:
        for depth, expected in ((most, []), (most + 1, ["TOO_DEEP"]), (50, ["TOO_DEEP"])):
            answer = await client.post("/graphql", json={"query": form(depth)})
            assert codes(answer) == expected
        told = (await client.post("/graphql", json={"query": form(50)})).json()["errors"][0]
    assert told["message"] == f"levels of fields: the most is {most}, not 50"
    assert told["extensions"] == {"code": "TOO_DEEP", "limit": most, "found": 50}


@pytest.mark.parametrize("form", [plain, inline, named])
@pytest.mark.parametrize("depth", [199, 20_000])
async def test_what_is_far_too_deep_is_refused_all_the_same(post, form, depth):
    answer = await post(form(depth))

    assert codes(answer)[0] in {
        "TOO_DEEP",
        "TOO_MANY_FRAGMENTS",
        "TOO_MANY_TOKENS",
        "DOCUMENT_TOO_LARGE",
        # The body is larger than any may be.
        "BAD_USER_INPUT",
    }
    assert "data" not in answer.json()


def doubled(n):
    fragments = " ".join(f"fragment F{i} on Photo {{ ...F{i + 1} ...F{i + 1} }}" for i in range(n))
    return (
        "{ photos { edges { node { ...F0 } } } } " + fragments + f" fragment F{n} on Photo {{ id }}"
    )


@pytest.mark.parametrize("n", [*range(8, 62, 4)])
async def test_fragments_that_double_are_refused_or_answered(post, n):
    answer = await post(doubled(n))

    assert codes(answer) == ([] if 2 ** (n + 1) < LIMITS.fields else ["TOO_MANY_FIELDS"])


@pytest.mark.parametrize(
    "query",
    [
        "{ ...A } fragment A on Query { ...A }",
        "{ ...A } fragment A on Query { ...B } fragment B on Query { ...A viewer { id } }",
        "{ ...A } fragment A on Query {...B} fragment B on Query {...C} fragment C on Query {...A}",
        "{ ...Nobody }",
        "{ ... on Nothing { id } }",
        "{ user(username: $nobody) { id } }",
    ],
)
async def test_what_is_wrong_otherwise_is_told_by_validation(post, query):
    answer = await post(query)

    assert set(codes(answer)) == {"BAD_USER_INPUT"}
    assert "data" not in answer.json()


def aliased(n):
    return "{ photos { edges { node { " + " ".join(f"a{i}: id" for i in range(n)) + " } } } }"


def aliased_in_fragments(n):
    """Ten by each spread, the rest beside."""
    fragment = "fragment F on Photo { " + " ".join(f"a{i}: id" for i in range(10)) + " }"
    beside = " ".join(f"b{i}: id" for i in range(n % 10))
    return "{ photos { edges { node { " + "...F " * (n // 10) + beside + " } } } } " + fragment


def repeated(n):
    return "{ photos { edges { node { " + "id " * n + "} } } }"


def repeated_with_selection(n):
    return "{ photos { edges { " + "node { id } " * n + "} } }"


def directed(n):
    return "{ photos { edges { node { id " + "@nothing " * n + "} } } }"


def many_operations(n):
    return " ".join(f"query Q{i} {{ __typename }}" for i in range(n))


def many_fragments(n):
    spreads = " ".join(f"...F{i}" for i in range(n))
    fragments = " ".join(f"fragment F{i} on Query {{ a{i % 9}: __typename }}" for i in range(n))
    return f"{{ {spreads} }} {fragments}"


@pytest.mark.parametrize(
    ("text", "most", "code"),
    [
        (aliased, 30, "TOO_MANY_ALIASES"),
        (aliased_in_fragments, 30, "TOO_MANY_ALIASES"),
        (repeated, 20, "TOO_MANY_REPEATED_FIELDS"),
        (repeated_with_selection, 20, "TOO_MANY_REPEATED_FIELDS"),
        (directed, 50, "TOO_MANY_DIRECTIVES"),
    ],
)
async def test_each_limit_is_exact(post, text, most, code):
    fine, beyond, far_beyond = [await post(text(n)) for n in (most, most + 1, most * 8 + 1)]

    assert code not in codes(fine)
    assert codes(beyond) == codes(far_beyond) == [code]
    assert beyond.json()["errors"][0]["extensions"] == {
        "code": code,
        "limit": most,
        "found": most + 1,
    }
    assert "data" not in beyond.json()


async def test_root_fields_are_counted_behind_fragments(serving):
    asked = {"query": "{ a: __typename ...F } fragment F on Query { b: __typename c: __typename }"}
    async with serving(max_root_fields=3) as client:
        assert codes(await client.post("/graphql", json=asked)) == []
    async with serving(max_root_fields=2) as client:
        assert codes(await client.post("/graphql", json=asked)) == ["TOO_MANY_ROOT_FIELDS"]


async def test_fragments_are_counted(serving):
    async with serving(max_fragments=9) as client:
        for count, expected in ((9, []), (10, ["TOO_MANY_FRAGMENTS"])):
            answer = await client.post("/graphql", json={"query": many_fragments(count)})
            assert codes(answer) == expected


async def test_operations_are_counted(post):
    fine = await post(many_operations(20), operationName="Q3")
    assert fine.json() == {"data": {"__typename": "Query"}}
    assert codes(await post(many_operations(21), operationName="Q3")) == ["TOO_MANY_OPERATIONS"]
    assert codes(await post(many_operations(300), operationName="Q3")) == ["TOO_MANY_TOKENS"]
    assert codes(await post(many_fragments(101))) == ["TOO_MANY_TOKENS"]


@pytest.mark.parametrize(
    "text",
    [
        *(example.document for example in examples()),
        get_introspection_query(),
        inline(50),
        directed(50),
        '{ a(b: "", c: "\\"{ # }", d: """\\""" " "" { # }\n""", e: """""") # "{ a }\n }',
        "{ a(b: -1.5e+3, c: [1, -2 3.0E-1], d: {e: $f, g: true}) ...G ... on H @i { j: k } }",
        "\ufeffquery Q($a: [Int!]! = [0], $b: S = null) { a }, fragment F on Q { e }",
    ],
)
def test_tokens_are_counted_as_they_are_read(text):
    lexer, read = Lexer(Source(text)), 0
    while lexer.advance().kind is not TokenKind.EOF:
        read += 1

    assert tokens.least(text) == read


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("{ __typename } #" + "a" * 40_000, "DOCUMENT_TOO_LARGE"),
        ("{ __typename " + "," * 40_000 + "}", "DOCUMENT_TOO_LARGE"),
        ('{ user(username: "' + "a" * 40_000 + '") { id } }', "DOCUMENT_TOO_LARGE"),
        ('{ user(username: "' + "é" * 16_384 + '") { id } }', "DOCUMENT_TOO_LARGE"),
        ("{ nodes(ids: [" + "1 " * 2_000 + "]) { id } }", "TOO_MANY_TOKENS"),
        ("{ __typename }" + "#\n" * 2_001, "TOO_MANY_TOKENS"),
        ("{ " + "viewer { id } " * 200 + "}", "TOO_MANY_ROOT_FIELDS"),
        ("{ " + "viewer { id } " * 5_000 + "}", "DOCUMENT_TOO_LARGE"),
        ("{ viewer { id " + "@skip(if: true) " * 51 + "} }", "TOO_MANY_DIRECTIVES"),
        ("{ viewer { id " + "@nothing " * 400 + "} }", "TOO_MANY_DIRECTIVES"),
        ("{ viewer { id " + "@nothing " * 5_000 + "} }", "DOCUMENT_TOO_LARGE"),
    ],
)
async def test_what_is_large_is_refused_with_the_code_of_its_limit(post, query, code):
    answer = await post(query)

    assert codes(answer) == [code]
    assert len(answer.content) <= MOST_BODY


@pytest.mark.parametrize(
    "query",
    [
        "{ " + " ".join(f"unknown{i}" for i in range(19)) + " }",
        "{ viewer { " + " ".join("x" * 900 + str(i) for i in range(30)) + " } }",
        "query(" + " ".join(f"$v{i}: Nothing{i}" for i in range(300)) + ") { __typename }",
        "{ " + " ".join(f"...F{i}" for i in range(90)) + " }",
        "query(" + " ".join("$v: Int" for i in range(300)) + ") { __typename }",
    ],
)
async def test_a_refusal_is_short_and_guesses_nothing(post, query):
    answer = await post(query)

    assert 1 <= len(codes(answer)) <= 10
    assert len(answer.content) <= MOST_BODY
    assert "Did you mean" not in answer.text


async def test_bad_variables_are_refused_as_shortly(post):
    query = "query($ids: [ID!]!) { nodes(ids: $ids) { id } }"

    answer = await post(query, variables={"ids": [{"a": "x" * 900}] * 100})

    assert 1 <= len(codes(answer)) <= 10
    assert len(answer.content) <= MOST_BODY


async def test_a_batch_is_no_request(client):
    for count in (1, 2, 10, 1_000):
        answer = await client.post("/graphql", json=[{"query": "{ __typename }"}] * count)
        assert (answer.status_code, codes(answer)) == (400, ["BAD_USER_INPUT"])


async def test_suggestions_and_introspection_are_settings(serving):
    typo, schema = {"query": "{ viwer { id } }"}, {"query": "{ __schema { types { name } } }"}
    variable = {
        "query": "mutation($input: LogInInput!) { logIn(input: $input) { errors { code } } }",
        "variables": {"input": {"login": "a", "password": "b", "pasword": "c"}},
    }
    async with serving() as client:
        for asked in (typo, variable):
            assert "Did you mean" not in (await client.post("/graphql", json=asked)).text
        assert codes(await client.post("/graphql", json=schema)) == []
    async with serving(suggestions=True, introspection=False) as client:
        for asked in (typo, variable):
            assert "Did you mean" in (await client.post("/graphql", json=asked)).text
        assert codes(await client.post("/graphql", json=schema)) == ["INTROSPECTION_DISABLED"]
        hidden = {"query": '{ ...A } fragment A on Query { x: __type(name: "User") { name } }'}
        assert codes(await client.post("/graphql", json=hidden)) == ["INTROSPECTION_DISABLED"]
        named_ = await client.post("/graphql", json={"query": "{ __typename }"})
        assert named_.json() == {"data": {"__typename": "Query"}}


@pytest.mark.parametrize("more", [{}, {"input_value_deprecation": True, "one_of": True}])
async def test_the_introspection_of_tools_is_admitted(post, more):
    answer = await post(
        get_introspection_query(
            specified_by_url=True, directive_is_repeatable=True, schema_description=True, **more
        ),
        operationName="IntrospectionQuery",
    )

    assert codes(answer) == []
    assert len(answer.json()["data"]["__schema"]["types"]) > 50


async def test_introspection_that_goes_in_circles_is_refused(post):
    circle = "fields { type { " * 5 + "name" + " } }" * 5
    answer = await post("{ __schema { types { " + circle + " } } }")
    assert set(codes(answer)) == {"BAD_USER_INPUT"}
    selected = get_introspection_query(type_depth=6).split("{", 2)[2].split("fragment")[0]
    several = "".join(f"a{i}: __schema {{ {selected.rsplit('}', 2)[0]} }} " for i in range(4))
    fragments = get_introspection_query(type_depth=6).split("fragment", 1)[1]
    assert codes(await post(f"{{ {several} }} fragment {fragments}")) == ["TOO_EXPENSIVE"]


async def test_every_example_lies_within_the_limits(post):
    for example in examples():
        refused = {*codes(await post(example.document, extensions={"cost": "dry-run"}))}
        assert not refused & {"TOO_DEEP", "TOO_MANY_FIELDS", "TOO_EXPENSIVE", "TOO_MANY_ALIASES"}
