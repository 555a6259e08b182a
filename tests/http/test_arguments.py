"""The arguments of lists and the ids of things: whatever is sent, the answer is one of ours."""

import base64
import functools
import json
from uuid import uuid4

import pytest

from tests.making import make_photo

LISTS = {
    "photos": "query($first: Int, $after: String) {"
    " photos(first: $first, after: $after) { edges { cursor } pageInfo { endCursor } } }",
    "users": "query($first: Int, $after: String) {"
    " users(first: $first, after: $after) { edges { cursor } pageInfo { endCursor } } }",
    "feed": "query($first: Int, $after: String) {"
    " feed(first: $first, after: $after) { edges { cursor } pageInfo { endCursor } } }",
}
OF_USER = {
    name: "query($id: ID!, $first: Int, $after: String) { node(id: $id) { ... on User {"
    f" {name}(first: $first, after: $after) {{ edges {{ cursor }} pageInfo {{ endCursor }} }}"
    " } } }"
    for name in ("photos", "followers", "following")
}
EVERY = LISTS | {f"user.{name}": document for name, document in OF_USER.items()}
NO_CURSOR = "after is no cursor of this list; give the endCursor of a page"


def cursor(tag, micros, id=b"\0" * 16):
    """A cursor with anything in it."""
    return base64.urlsafe_b64encode(tag + micros.to_bytes(8, "big", signed=True) + id).decode()


@pytest.fixture
def listing(post, ann):
    """Asks for a page of a list; the whole response."""

    async def listing(name, **variables):
        if name.startswith("user."):
            variables["id"] = ann.id
        return await post(EVERY[name], viewer=ann, **variables)

    return listing


def refusals(answer):
    return [(error["message"], error["extensions"]["code"]) for error in answer.json()["errors"]]


@pytest.mark.parametrize("name", EVERY)
@pytest.mark.parametrize("first", [0, -1, 101, 2**31 - 1, -(2**31)])
async def test_first_is_from_1_to_100(listing, name, first):
    answer = await listing(name, first=first)

    assert answer.status_code == 200
    assert refusals(answer) == [(f"first must be from 1 to 100, not {first}", "BAD_USER_INPUT")]


@pytest.mark.parametrize("name", EVERY)
@pytest.mark.parametrize("first", [{}, {"first": None}, {"first": 1}, {"first": 100}])
async def test_first_may_be_left_out_or_null(listing, name, first):
    answer = await listing(name, **first)

    assert answer.status_code == 200
    assert "errors" not in answer.json()


async def test_without_first_a_page_has_20(ask, database, ann):
    for _ in range(21):
        await make_photo(database, owner=ann)
    query = "query($first: Int) { %s { edges { cursor } } }"
    for arguments, variables in (
        ("feed", {}),
        ("feed(first: null)", {}),
        ("feed(first: $first)", {}),
        ("feed(first: $first)", {"first": None}),
    ):
        # A variable that is declared must be used.
        document = query if variables or "$" in arguments else "{ %s { edges { cursor } } }"

        data = await ask(document % arguments, viewer=ann, **variables)

        assert len(data["feed"]["edges"]) == 20


BAD_CURSORS = {
    "empty": "",
    "blank": " ",
    "text": "garbage",
    "no ascii": "ключ",
    "offset": base64.b64encode(b"arrayconnection:10").decode(),
    "sql": "' or 1=1 --",
    "other alphabet": cursor(b"p", 1)[:-2] + "+/",
    "short": cursor(b"p", 1)[:-4],
    "long": cursor(b"p", 1) + "AAAA",
    "another kind": cursor(b"x", 1),
    "far future": cursor(b"p", 2**63 - 1),
    "far past": cursor(b"p", -(2**63)),
    "100 kB": "A" * 100_000,
}


@pytest.mark.parametrize("name", EVERY)
@pytest.mark.parametrize("after", BAD_CURSORS.values(), ids=BAD_CURSORS)
async def test_after_must_be_a_cursor(listing, name, after):
    answer = await listing(name, after=after)

    assert answer.status_code == 200
    assert refusals(answer) == [(NO_CURSOR, "BAD_USER_INPUT")]


async def test_a_cursor_of_1_mb_is_refused_before_it_is_read(listing):
    assert (await listing("photos", after="A" * 1_000_000)).status_code == 413


@pytest.mark.parametrize("name", EVERY)
async def test_a_cursor_of_another_list_is_refused(listing, name):
    lists_photos = name.endswith("photos") or name == "feed"
    right, wrong = cursor(b"p", 1), cursor(b"u", 1)
    if not lists_photos:
        right, wrong = wrong, right

    assert refusals(await listing(name, after=wrong)) == [(NO_CURSOR, "BAD_USER_INPUT")]
    assert "errors" not in (await listing(name, after=right)).json()


@pytest.mark.parametrize("micros", [0, -1, 253_402_300_799_999_999, -62_135_596_800_000_000])
async def test_a_cursor_of_any_time_that_exists_is_a_place(listing, micros):
    answer = await listing("photos", after=cursor(b"p", micros))

    assert answer.status_code == 200
    assert "errors" not in answer.json()


# KEY is the key of a user who exists, UPPER the same in capitals, DASHED with hyphens.
BAD_IDS = {
    "empty": "",
    "garbage": "garbage",
    "number": "1",
    "unknown user": f"user_{uuid4().hex}",
    "unknown photo": f"photo_{uuid4().hex}",
    "unknown upload": f"upload_{uuid4().hex}",
    "unknown kind": "session_KEY",
    "other type": "photo_KEY",
    "later type": "comment_KEY",
    "upper-case kind": "USER_KEY",
    "upper case": "user_UPPER",
    "hyphens": "user_DASHED",
    "braces": "user_{KEY}",
    "blank": " user_KEY",
    "line": "user_KEY\n",
    "longer": "user_KEY0",
    "not hex": "user_" + "g" * 32,
    "other digits": "user_" + "\u0661" * 32,
    "sql": "user_' or true --",
    "no ascii": "ключ",
    "50 kB": "A" * 50_000,
}


@pytest.mark.parametrize("template", BAD_IDS.values(), ids=BAD_IDS)
async def test_an_id_of_nothing_is_null_or_not_found(ask, ann, bob, template):
    key = bob.key.hex
    if key.isdigit():
        pytest.skip("an id without letters has no upper case")
    forms = {"KEY": key, "UPPER": key.upper(), "DASHED": str(bob.key)}
    id = functools.reduce(lambda text, form: text.replace(*form), forms.items(), template)

    assert await ask("query($id: ID!) { node(id: $id) { id } }", viewer=ann, id=id) == {
        "node": None
    }
    assert await ask(
        "query($ids: [ID!]!) { nodes(ids: $ids) { id } }", viewer=ann, ids=[id, bob.id, id]
    ) == {"nodes": [None, {"id": bob.id}, None]}
    assert await ask(
        "mutation($id: ID!) { followUser(id: $id) { user { id } errors { code path } } }",
        viewer=ann,
        id=id,
    ) == {"followUser": {"user": None, "errors": [{"code": "NOT_FOUND", "path": ["id"]}]}}
    assert await ask(
        "mutation($id: ID!) { publishPhoto(input: {uploadId: $id})"
        " { photo { id } errors { code path } } }",
        viewer=ann,
        id=id,
    ) == {
        "publishPhoto": {
            "photo": None,
            "errors": [{"code": "NOT_FOUND", "path": ["input", "uploadId"]}],
        }
    }


async def test_an_id_may_be_a_number_in_the_document(ask):
    assert await ask("{ node(id: 5) { id } }") == {"node": None}


async def test_nodes_takes_100_ids(post):
    query = "query($ids: [ID!]!) { nodes(ids: $ids) { id } }"

    assert (await post(query, ids=["x"] * 100)).json() == {"data": {"nodes": [None] * 100}}
    answer = await post(query, ids=["x"] * 101)
    assert refusals(answer) == [("there are 101 ids; the most is 100", "BAD_USER_INPUT")]


MOMENTS = {
    "": "is no RFC 3339 date-time",
    "yesterday": "is no RFC 3339 date-time",
    "2026-02-30T00:00:00Z": "is no RFC 3339 date-time",
    # In UTC that was before the first year.
    "0001-01-01T00:00:00+14:00": "is no RFC 3339 date-time",
    "9999-12-31T23:59:59-14:00": "is no RFC 3339 date-time",
    "2026-11-20T08:15:30": "lacks a time zone; UTC is written as Z",
    "٢٠٢٦-11-20T08:15:30Z": "is no RFC 3339 date-time",
    5: "must be a string such as 2026-11-20T08:15:30.123Z",
}


@pytest.mark.parametrize(("moment", "why"), MOMENTS.items())
async def test_what_is_no_moment_is_refused_in_a_document_and_in_variables(post, ann, moment, why):
    marked = "markNotificationsRead(before: %s) { unreadCount errors { code } }"
    literal = await post("mutation { " + marked % json.dumps(moment) + " }", viewer=ann)
    variable = await post(
        "mutation($moment: DateTime) { " + marked % "$moment" + " }", viewer=ann, moment=moment
    )

    for answer in (literal, variable):
        [(message, code)] = refusals(answer)
        assert why in message
        assert code == "BAD_USER_INPUT"
        assert answer.json()["errors"][0]["locations"]
        assert "data" not in answer.json()
