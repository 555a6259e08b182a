"""What an operation costs is known before it runs, and is never less than what it does."""

import asyncpg
import pytest
from asyncpg.prepared_stmt import PreparedStatement
from graphql import get_named_type, is_list_type, is_object_type, parse

from resolvers.graph import core
from server.auth import callers
from server.graphql.limits.cost import cost, declared, root_fields
from storage import reports, roles
from storage.cases import ReportReason
from storage.reader import Reader
from storage.reports import Subject
from tests.limits.conftest import codes, sent
from tests.limits.queries import Queries
from tests.making import make_block, make_comment, make_follow, make_like, make_person, make_photo

HONEST = 60
MANY = 300
OF_PHOTO = " fragment P on Photo { owner { id } }"
OWNED = "query($n: Int) { photos(first: $n) { edges { node { owner { id } } } } }"


def costed(text, **variables):
    document = parse(text)
    return cost(core, document, document.definitions[0]).of(variables)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("{ __typename }", 0),
        ("{ viewer { id } }", 2),
        ("{ a: viewer { id } b: viewer { id } viewer { id } }", 6),
        ("{ viewer { id } viewer { username } ...V } fragment V on Query { viewer { bio } }", 2),
        ("{ photos { pageInfo { hasNextPage } } }", 2 + 20),
        ("{ photos(first: 5) { edges { node { id } } } }", 2 + 5),
        ("{ photos(first: 5) { edges { node { owner { id } variants { url } } } } }", 2 + 5 * 7),
        ("{ photos(first: null) { edges { cursor } } }", 2 + 20),
        ("{ notifications { unreadCount edges { node { actors { id } } } } }", 24 + 20 * 5),
        ('{ nodes(ids: ["a", "b", "c"]) { id } }', 2 + 3),
        ("{ node(id: 1) { ...P ... on User { photos { edges { cursor } } } } }" + OF_PHOTO, 24),
        ("mutation { logOut { errors { code } } }", 10),
        ("subscription { notificationReceived { actor { id } } }", 4),
    ],
)
def test_a_cost_is_the_sum_of_calls_and_rows(query, expected):
    assert costed(query) == expected


def test_variables_count_with_their_defaults():
    assert costed(OWNED, n=7) == 2 + 7 * 3
    assert costed(OWNED) == costed(OWNED, n=None) == 2 + 20 * 3
    assert costed(OWNED.replace("Int", "Int = 3")) == 2 + 3 * 3
    assert costed("query($i: [ID!]!) { nodes(ids: $i) { id } }", i=["a"] * 9) == 2 + 9


def test_root_fields_are_counted_by_their_names():
    text = """mutation { a: logIn(input: {login: "", password: ""}) { errors { code } } ...More }
    fragment More on Mutation { b: logIn(input: {login: "", password: ""}) { errors { code } }
    ... { logOut { errors { code } } } }"""
    document = parse(text)
    assert root_fields(document, document.definitions[0]) == {"logIn": 2, "logOut": 1}


def test_every_list_that_leads_on_says_how_long_it_is():
    """A list of objects below which anything costs must be sized by itself or by its parent."""
    dear = {
        name
        for name, kind in core.type_map.items()
        if is_object_type(kind) and any(declared(field)[0] for field in kind.fields.values())
    }
    unsized = [
        f"{name}.{field_name}"
        for name, kind in core.type_map.items()
        if is_object_type(kind) and not name.endswith("Connection")
        for field_name, field in kind.fields.items()
        if is_list_type(getattr(field.type, "of_type", field.type))
        and get_named_type(field.type).name in dear
        and declared(field)[1] is None
    ]
    assert unsized == []


@pytest.mark.parametrize("first", ["0", "-1", "101", "2147483647", "-2147483648"])
async def test_a_page_of_no_size_is_refused_without_a_statement(client, first):
    comments = f"comments(first: {first}) {{ edges {{ cursor }} }}"
    inside = f"{{ photos {{ edges {{ node {{ {comments} }} }} }} }}"
    literal = await client.post("/graphql", json={"query": inside})
    assert sent() == 0
    variable = await client.post("/graphql", json={"query": OWNED, "variables": {"n": int(first)}})
    assert sent() == 0
    defaulted = OWNED.replace("Int", f"Int = {first}")
    default = await client.post("/graphql", json={"query": defaulted})

    for answer in (literal, variable, default):
        assert codes(answer) == ["BAD_USER_INPUT"]
        message = answer.json()["errors"][0]["message"]
        assert message == f"first must be from 1 to 100, not {first}"
        assert "data" not in answer.json()
    assert sent() == 0


@pytest.mark.parametrize(
    ("query", "variables"),
    [
        ("{ photos(first: 2147483648) { edges { cursor } } }", {}),
        (OWNED, {"n": 2**31}),
        (OWNED, {"n": "5"}),
        (OWNED, {"n": 1.5}),
        (OWNED, {"n": True}),
        (OWNED, {"n": [5]}),
        ("{ photos(first: 1, last: 1) { edges { cursor } } }", {}),
        ("{ photos(first: 1.0) { edges { cursor } } }", {}),
    ],
)
async def test_what_is_no_size_is_refused_without_a_statement(client, query, variables):
    answer = await client.post("/graphql", json={"query": query, "variables": variables})

    assert codes(answer) == ["BAD_USER_INPUT"]
    assert "data" not in answer.json()
    assert sent() == 0


async def test_a_million_rows_are_refused_without_a_statement(client):
    query = """query($n: Int) { photos(first: 100) { edges { node {
      likers(first: $n) { edges { node { photos(first: 100) { edges { node { id } } } } } }
    } } } }"""

    answer = await client.post("/graphql", json={"query": query, "variables": {"n": 100}})

    assert answer.json()["errors"][0]["extensions"] == {
        "code": "TOO_EXPENSIVE",
        "limit": 5_000,
        "found": 1_030_302,
    }
    assert "data" not in answer.json()
    assert sent() == 0


async def test_the_cost_is_told_to_who_asks(client):
    asked = {"query": OWNED, "variables": {"n": 5}}
    told = {"requested": 17, "limit": 5_000, "rootFields": {"photos": 1}}
    assert "extensions" not in (await client.post("/graphql", json=asked)).json()

    for report in (
        await client.post("/graphql", json=asked | {"extensions": {"cost": "report"}}),
        await client.post("/graphql", json=asked, headers={"X-GraphQL-Cost": "report"}),
    ):
        assert report.json()["extensions"] == {"cost": told}
        assert report.json()["data"]["photos"]["edges"] is not None
    for dry in (
        await client.post("/graphql", json=asked | {"extensions": {"cost": "dry-run"}}),
        await client.post("/graphql", json=asked, headers={"X-GraphQL-Cost": "dry-run"}),
    ):
        assert dry.json() == {"data": None, "extensions": {"cost": told}}
        assert sent() == 0
    odd = await client.post("/graphql", json=asked, headers={"X-GraphQL-Cost": "much"})
    assert (odd.status_code, codes(odd)) == (400, ["BAD_USER_INPUT"])


async def test_a_dry_run_tells_of_what_is_too_expensive(serving):
    asked = {"query": OWNED, "variables": {"n": 100}, "extensions": {"cost": "dry-run"}}
    async with serving(max_cost=10, report_cost=True) as client:
        dry = await client.post("/graphql", json=asked)
        cheap = await client.post("/graphql", json={"query": "{ viewer { id } }"})
    assert dry.json()["extensions"]["cost"]["requested"] == 302
    assert cheap.json()["extensions"]["cost"] == {
        "requested": 2,
        "limit": 10,
        "rootFields": {"viewer": 1},
    }


# Whatever rows are asked for by.
FETCHES = [(PreparedStatement, "fetch"), (asyncpg.Connection, "fetch"), (Reader, "answer")]


class Work:
    """What was really done: rows that PostgreSQL sent and resolvers that were called."""

    def __init__(self, monkeypatch):
        self.rows = self.calls = 0
        for owner, fetch in FETCHES:
            monkeypatch.setattr(owner, fetch, self._counting(getattr(owner, fetch)))
        for kind in core.type_map.values():
            for field in kind.fields.values() if is_object_type(kind) else ():
                made = field.extensions.get("strawberry-definition")
                if made is not None and made.base_resolver is not None:
                    resolver, asked = made.base_resolver, made.base_resolver.wrapped_func
                    called = self._called(asked)
                    # A level that is answered at once is one call.
                    if hasattr(asked, "many"):
                        called.many = self._called(asked.many)
                    monkeypatch.setattr(resolver, "wrapped_func", called)

    def _counting(self, fetch):
        async def counting(*arguments, **named):
            rows = await fetch(*arguments, **named)
            self.rows += len(rows)
            return rows

        return counting

    def _called(self, resolve):
        def called(*arguments, **named):
            self.calls += 1
            return resolve(*arguments, **named)

        return called

    def taken(self):
        done = self.rows, self.calls
        self.rows = self.calls = 0
        return done


async def fill(database, settings):
    people = [await make_person(database, settings, name) for name in ("ann", "bob", "cid", "dan")]
    ann, bob, _, dan = people
    photos = [await make_photo(database, owner=owner) for owner in people * 3]
    for person in people:
        for other in people:
            if person is not other:
                await make_follow(database, by=person, of=other)
        for photo in photos[:6]:
            await make_like(database, by=person, of=photo)
            first = await make_comment(database, by=person, of=photo)
            await make_comment(database, by=bob, of=photo, to=first)
    # Counts are dearest for those whom a block concerns.
    await make_block(database, by=ann, of=dan)
    # What moderators see costs something as well.
    async with database.begin() as tx:
        await roles.add(tx, ann.key)
        for photo in photos[1:3]:
            await reports.add(tx, Subject(photo_id=photo.key), dan.key, ReportReason.SPAM, "")
    return ann, people, photos


async def compare(client, work, queries, viewer, count):
    """Compares *count* queries that are answered; how many rows and calls there were in all."""
    compared, rows, calls = 0, 0, 0
    while compared < count:
        query = queries.one()
        work.taken()
        answer = await client.post(
            "/graphql",
            json={"query": query, "extensions": {"cost": "report"}},
            headers={"Authorization": f"Bearer {viewer.token}"},
        )
        if "TOO_EXPENSIVE" in codes(answer) or "TOO_MANY_FIELDS" in codes(answer):
            continue
        assert codes(answer) == [], (query, answer.text)
        done, asked = work.taken(), answer.json()["extensions"]["cost"]["requested"]
        assert asked >= sum(done), (query, asked, done)
        compared, rows, calls = compared + 1, rows + done[0], calls + done[1]
    return rows, calls


@pytest.mark.parametrize("count", [HONEST, pytest.param(MANY, marks=pytest.mark.torture)])
async def test_the_cost_is_never_less_than_the_work(client, database, settings, monkeypatch, count):
    ann, people, photos = await fill(database, settings)
    # Whether the session lives is asked beside the operation.
    monkeypatch.setattr(callers, "MEMORY_S", 3_600)
    await client.post(
        "/graphql",
        json={"query": "{ viewer { id } }"},
        headers={"Authorization": f"Bearer {ann.token}"},
    )
    queries = Queries(core, [each.id for each in (*people, *photos)], ann.username, seed=7)

    rows, calls = await compare(client, Work(monkeypatch), queries, ann, count)

    print(f"{count} queries, {rows} rows, {calls} calls")  # noqa: T201 - The measured figure.
    assert rows > 10 * count
    assert calls > 10 * count
