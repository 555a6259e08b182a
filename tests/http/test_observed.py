"""What is seen of a request from outside: an id, one line, and no secret."""

import base64
import hashlib
import secrets

import pytest

from tests.accounts.operations import LOG_IN, REFRESH, SIGN_UP, account

CREATE_UPLOAD = """
mutation($input: CreateUploadInput!) {
  createUpload(input: $input) { upload { id request { url } } errors { code } }
}
"""


@pytest.mark.parametrize("given", ["12345678", "a" * 64, "01a1fc43-651e.7bb7_96"])
async def test_a_sane_request_id_is_kept(client, logged, given):
    answer = await client.post(
        "/graphql", json={"query": "{ __typename }"}, headers={"X-Request-Id": given}
    )

    assert answer.headers.get_list("x-request-id") == [given]
    assert [line["request_id"] for line in logged.lines] == [given]


@pytest.mark.parametrize(
    "given",
    ["", "1234567", "a" * 65, "with blank", 'quote"quote', "<script>", "a\x7fb12345", "ключключ"],
)
async def test_any_other_request_id_is_replaced(client, logged, given):
    answer = await client.post(
        "/graphql",
        json={"query": "{ __typename }"},
        headers={"X-Request-Id": given.encode()},
    )

    made = answer.headers["x-request-id"]
    assert len(made) == 16
    assert int(made, 16) >= 0
    assert [line["request_id"] for line in logged.lines] == [made]


async def test_every_request_has_its_own_id(client):
    made = {(await client.get("/livez")).headers["x-request-id"] for _ in range(3)}

    assert len(made) == 3


@pytest.mark.parametrize(
    ("method", "path", "status", "route"),
    [
        ("GET", "/graphql?query=%7B__typename%7D", 200, "/graphql"),
        ("DELETE", "/graphql", 405, "/graphql"),
        ("GET", f"/media/{'a' * 32}/thumb.webp", 404, "/media/{token}/{name}"),
        ("GET", "/nothing/here", 404, "none"),
        ("GET", "/", 307, "/"),
    ],
)
async def test_a_request_is_one_line(client, logged, method, path, status, route):
    answer = await client.request(method, path, headers={"X-Request-Id": "request-of-ours"})

    assert answer.status_code == status
    (line,) = logged.lines
    assert line.pop("ms") >= 0
    assert line.pop("timestamp").endswith("Z")
    facts = {"operation": "query __typename", "outcome": "ok", "statements": 0}
    assert line == {
        "event": "request",
        "level": "info",
        "logger": "request",
        "request_id": "request-of-ours",
        "method": method,
        "route": route,
        "status": status,
        **(facts if "query" in path else {}),
    }


@pytest.mark.parametrize("path", ["/livez", "/readyz", "/metrics"])
async def test_what_is_asked_all_the_time_is_not_logged(client, logged, path):
    await client.get(path)

    assert logged.lines == []


async def test_the_line_of_an_operation_says_what_it_cost(post, logged, ann):
    await post("query Mine { viewer { username } }", viewer=ann)
    await post("{ viewer { username } photos { edges { cursor } } }", viewer=ann)
    await post("mutation($id: ID!) { followUser(id: $id) { errors { code } } }", id=ann.id)
    await post("{ nothing }")

    assert [
        (line["operation"], line["outcome"], line["statements"] > 0) for line in logged.lines
    ] == [
        ("query viewer", "ok", True),
        ("query several", "ok", True),
        ("mutation followUser", "UNAUTHENTICATED", False),
        ("none", "BAD_USER_INPUT", False),
    ]


async def test_a_line_of_the_log_is_a_line_whatever_is_sent(client, logged):
    for path in ("/%0a%7B%22event%22:%22forged%22%7D", "/media/%0a/%0d%0a"):
        await client.get(path, headers={"User-Agent": 'x"}\t{"event": "forged'})

    assert [line["event"] for line in logged.lines] == ["request", "request"]
    assert "forged" not in logged.text


async def test_no_secret_is_logged(client, post, logged):
    canary = f"canary{secrets.token_hex(8)}"
    made = account(password=f"{canary} pass word", displayName=canary)
    session = (await post(SIGN_UP, input=made)).json()["data"]["signUp"]["session"]
    bearer = {"Authorization": f"Bearer {session['accessToken']}"}
    digest = base64.b64encode(hashlib.sha256(canary.encode()).digest()).decode()
    promise = {"contentType": "image/jpeg", "byteSize": 10, "checksumSha256": digest}
    created = await post(CREATE_UPLOAD, headers=bearer, input=promise | {"filename": canary})
    url = created.json()["data"]["createUpload"]["upload"]["request"]["url"]
    await post(LOG_IN, login=made["email"], password=made["password"])
    await post(LOG_IN, login=made["email"], password=f"wrong {canary}")
    await post(LOG_IN, login=made["email"], password={"odd": canary})
    await post(SIGN_UP, input=made)
    await post(REFRESH, token=session["refreshToken"])
    await post(f'{{ user(username: "{canary}") {{ id }} {canary} }}')
    await post(f"query {canary} {{ __typename }}")
    await client.get("/graphql", params={"query": f'{{ user(username: "{canary}") {{ id }} }}'})
    await client.get(f"/{canary}?token={canary}")
    await client.get(f"/media/{canary}/{canary}")

    assert len(logged.lines) == 12
    for secret in (
        canary,
        made["username"],
        made["email"],
        digest,
        session["accessToken"],
        session["refreshToken"],
        "Bearer",
        "X-Amz-Signature",
        url.partition("?")[0].rpartition("/")[2],
    ):
        assert secret not in logged.text


async def test_no_secret_is_a_metric(client, post):
    canary = f"canary{secrets.token_hex(8)}"
    await post(f"query {canary} {{ {canary}: __typename }}")
    await post(f"{{ {canary} }}")
    await client.get(f"/{canary}")

    assert canary not in (await client.get("/metrics")).text
