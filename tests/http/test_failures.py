"""What breaks stays inside; what is out of reach says when to come again."""

import secrets
from dataclasses import replace

import pytest
from pydantic import SecretStr
from sqlalchemy.exc import IntegrityError

from server.graphql.execution import Execution
from storage import photos, variants
from storage.objects import StoreUnavailable
from storage.reached import Unavailable
from tests.making import make_photo

PHOTOS = "{ photos { edges { node { id } } } }"
GIVEN_ID = {"X-Request-Id": "request-of-ours"}
NOWHERE = SecretStr("postgresql://nobody@127.0.0.1:1/nothing")
MASKED = {
    "message": "something went wrong; ask about request request-of-ours",
    "extensions": {"code": "INTERNAL_SERVER_ERROR", "requestId": "request-of-ours"},
}


@pytest.fixture
def canary():
    return f"canary{secrets.token_hex(8)}"


@pytest.fixture
def breaking(monkeypatch):
    """From now on a function of a module or class raises."""

    def breaking(owner, name, error):
        async def broken(*_):
            raise error

        monkeypatch.setattr(owner, name, broken)

    return breaking


async def test_what_breaks_in_a_resolver_is_known_by_its_request_only(
    breaking, post, logged, canary
):
    breaking(photos, "newest_public", RuntimeError(f"select {canary} from /etc/{canary}"))

    answer = await post(PHOTOS, headers=GIVEN_ID)

    assert answer.status_code == 200
    assert answer.json() == {
        "data": None,
        "errors": [MASKED | {"locations": [{"line": 1, "column": 3}], "path": ["photos"]}],
    }
    assert canary not in str(answer.headers)
    told, line = logged.lines
    assert (told["level"], told["event"]) == ("error", "resolver failed")
    assert told["request_id"] == line["request_id"] == "request-of-ours"
    assert told["exception"][0]["exc_type"] == "RuntimeError"
    assert (line["event"], line["outcome"]) == ("request", "INTERNAL_SERVER_ERROR")


@pytest.mark.parametrize(
    ("field", "changed"),
    [
        ("likeCount", {"like_count": 2**40}),
        ("status", {"status": "odd"}),
        ("width", {"width": "wide"}),
        ("caption", {"caption": None}),
        ("createdAt", {"created_at": "never"}),
    ],
)
async def test_what_has_no_form_in_the_schema_is_no_fault_of_the_client(
    post, logged, database, ann, monkeypatch, field, changed
):
    await make_photo(database, owner=ann)
    newest = photos.newest_public

    async def odd(*given):
        page = await newest(*given)
        return replace(page, rows=[row._replace(**changed) for row in page.rows])

    monkeypatch.setattr(photos, "newest_public", odd)
    answer = await post(f"{{ photos(first: 1) {{ edges {{ node {{ {field} }} }} }} }}")

    [error] = answer.json()["errors"]
    assert error["extensions"]["code"] == "INTERNAL_SERVER_ERROR"
    assert error["message"].startswith("something went wrong; ask about request ")
    assert error["path"] == ["photos", "edges", 0, "node", field]
    assert [line["event"] for line in logged.lines] == ["resolver failed", "request"]


async def test_an_argument_that_turns_out_to_be_null_is_the_clients(post):
    query = "query($order: FeedOrder = TOP) { feed(order: $order) { edges { cursor } } }"

    [error] = (await post(query, order=None)).json()["errors"]

    assert error["extensions"]["code"] == "BAD_USER_INPUT"
    assert "order" in error["message"]


async def test_a_constraint_of_the_database_is_not_shown(breaking, post, canary):
    broken = IntegrityError(f"insert into {canary}", {canary: canary}, Exception(canary))
    breaking(photos, "newest_public", broken)

    answer = await post(PHOTOS, headers=GIVEN_ID)

    assert canary not in answer.text
    assert answer.json()["errors"][0].items() >= MASKED.items()


async def test_a_traceback_in_the_log_holds_no_local_variables(monkeypatch, post, logged, canary):
    async def broken(*_):
        password = canary
        raise RuntimeError(len(password))

    monkeypatch.setattr(photos, "newest_public", broken)

    await post(PHOTOS)

    assert [frame["name"] for frame in logged.lines[0]["exception"][0]["frames"]][-1] == "broken"
    assert canary not in logged.text


async def test_what_strikes_many_fields_is_logged_once(breaking, post, logged, database, ann):
    for _ in range(3):
        await make_photo(database, owner=ann)
    # The loaders took the function itself when they were made for this request.
    breaking(variants, "of_photos", RuntimeError("no variants today"))

    query = "{ photos(first: 3) { edges { node { variants(format: JPEG) { url } } } } }"
    answer = await post(query, viewer=ann)

    errors = answer.json()["errors"]
    assert {error["extensions"]["code"] for error in errors} == {"INTERNAL_SERVER_ERROR"}
    assert [line["event"] for line in logged.lines] == ["resolver failed", "request"]


async def test_what_breaks_beside_the_resolvers_is_told_the_same_way(
    breaking, post, logged, canary
):
    breaking(Execution, "answer", RuntimeError(canary))

    answer = await post("{ __typename }", headers=GIVEN_ID | {"Origin": "https://example.org"})

    assert answer.status_code == 500
    assert answer.json() == {"errors": [MASKED]}
    assert answer.headers["access-control-allow-origin"] == "*"
    told, line = logged.lines
    assert (told["event"], told["request_id"]) == ("resolver failed", "request-of-ours")
    assert (line["event"], line["status"]) == ("request", 500)


@pytest.mark.parametrize("refused", [Unavailable("the database is away"), StoreUnavailable("away")])
async def test_a_part_out_of_reach_is_503_and_come_again(breaking, post, logged, refused):
    breaking(photos, "newest_public", refused)

    answer = await post(PHOTOS)

    assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
    assert answer.json() == {
        "errors": [
            {
                "message": str(refused),
                "locations": [{"line": 1, "column": 3}],
                "path": ["photos"],
                "extensions": {"code": "SERVICE_UNAVAILABLE"},
            }
        ],
    }
    assert [line["event"] for line in logged.lines] == ["request"]


async def test_without_a_database_a_guest_and_a_member_are_told_503(serving, ann):
    async with serving(database_url=NOWHERE) as client:
        for headers in ({}, {"Authorization": f"Bearer {ann.token}"}):
            answer = await client.post("/graphql", json={"query": PHOTOS}, headers=headers)

            assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
            assert [
                (error["message"], error["extensions"]) for error in answer.json()["errors"]
            ] == [("the database cannot be reached", {"code": "SERVICE_UNAVAILABLE"})]


async def test_the_database_is_not_needed_for_what_does_not_lie_in_it(serving):
    async with serving(database_url=NOWHERE) as client:
        answer = await client.post("/graphql", json={"query": "{ __typename }"})

    assert (answer.status_code, answer.json()) == (200, {"data": {"__typename": "Query"}})
