"""What every answer says about itself, and from where what may be asked."""

import itertools

import httpx
import pytest

from storage.tables import users
from tests.http.asgi import asked

TYPENAME = {"query": "{ __typename }"}
RENAME = 'mutation { updateProfile(input: {displayName: "Mallory"}) { errors { code } } }'
ORIGINS = (None, "http://api", "https://evil.example", "null", "http://api.evil.example")
SITES = (None, "same-origin", "same-site", "cross-site", "none")


@pytest.mark.parametrize(
    ("method", "path", "accept"),
    [
        ("GET", "/livez", "*/*"),
        ("GET", "/readyz", "*/*"),
        ("GET", "/metrics", "*/*"),
        ("GET", "/", "*/*"),
        ("GET", "/nothing", "*/*"),
        ("GET", "/graphql", "text/html"),
        ("GET", "/graphql?query=%7B__typename%7D", "*/*"),
        ("POST", "/graphql", "*/*"),
        ("DELETE", "/graphql", "*/*"),
        ("GET", f"/media/{'a' * 32}/thumb.webp", "*/*"),
    ],
)
async def test_every_answer_is_what_it_claims_to_be_and_in_no_frame(client, method, path, accept):
    answer = await client.request(method, path, headers={"Accept": accept})

    assert answer.headers.get_list("x-content-type-options") == ["nosniff"]
    assert answer.headers.get_list("referrer-policy") == ["no-referrer"]
    (policy,) = answer.headers.get_list("content-security-policy")
    assert "default-src 'none'" in policy
    assert path.startswith("/media") or "frame-ancestors 'none'" in policy
    assert "server" not in answer.headers
    assert "x-powered-by" not in answer.headers
    assert "set-cookie" not in answer.headers


async def test_no_banner_over_the_wire(serving):
    api = serving()
    async with httpx.AsyncClient() as client:
        answer = await client.get(f"{api.url}/livez")

    assert "server" not in answer.headers


@pytest.mark.parametrize(("origin", "site"), list(itertools.product(ORIGINS, SITES)), ids=str)
async def test_no_page_changes_anything_without_a_token(client, database, ann, origin, site):
    """H3: whatever a page can make a browser send, a cookie gives no right to."""
    sent = {"Origin": origin, "Sec-Fetch-Site": site, "Cookie": f"session={ann.token}"}
    headers = {name: value for name, value in sent.items() if value}
    simple = {"content": f'{{"query": "{RENAME}"}}'.encode()}
    attempts = [
        ("GET", {"params": {"query": RENAME}}),
        ("GET", {"params": {"query": RENAME}, "headers": {"Content-Type": "message/x"}}),
        ("POST", simple | {"headers": {"Content-Type": "text/plain"}}),
        ("POST", simple | {"headers": {"Content-Type": "application/x-www-form-urlencoded"}}),
        ("POST", {"files": {"operations": (None, simple["content"])}}),
        ("POST", simple),
        ("POST", {"json": {"query": RENAME}}),
    ]
    outcomes = []
    for method, given in attempts:
        merged = given | {"headers": headers | given.get("headers", {})}
        answer = await client.request(method, "/graphql", **merged)
        outcomes.append((answer.status_code, answer.json()["errors"][0]["extensions"]["code"]))

    assert outcomes == [
        (405, "BAD_USER_INPUT"),
        (405, "BAD_USER_INPUT"),
        *[(415, "BAD_USER_INPUT")] * 4,
        (200, "UNAUTHENTICATED"),
    ]
    async with database.connect() as connection:
        kept = users.select().with_only_columns(users.c.display_name).where(users.c.id == ann.key)
        assert (await connection.execute(kept)).scalar_one() != "Mallory"


async def test_only_origins_that_are_named_may_read(serving):
    api = serving(allowed_origins="https://photos.example")
    async with httpx.AsyncClient(base_url=api.url) as client:
        for origin, allowed in (
            ("https://photos.example", "https://photos.example"),
            ("https://evil.example", None),
            ("null", None),
        ):
            answer = await client.post("/graphql", json=TYPENAME, headers={"Origin": origin})
            assert answer.headers.get("access-control-allow-origin") == allowed
            assert "Origin" in answer.headers["vary"]


@pytest.mark.parametrize(
    ("mode", "headers", "status"),
    [
        ("allow", {}, 200),
        ("guarded", {}, 400),
        ("guarded", {"GraphQL-Require-Preflight": "1"}, 200),
        ("off", {}, 405),
        ("off", {"GraphQL-Require-Preflight": "1"}, 405),
    ],
)
async def test_queries_by_get_are_a_setting(serving, mode, headers, status):
    api = serving(get_queries=mode)
    async with httpx.AsyncClient(base_url=api.url) as client:
        answer = await client.get("/graphql", params=TYPENAME, headers=headers)

    assert answer.status_code == status


async def test_the_header_of_a_guarded_query_takes_a_preflight(client):
    answer = await client.options(
        "/graphql",
        headers={
            "Origin": "https://photos.example",
            "Access-Control-Request-Method": "GET",
            "Access-Control-Request-Headers": "graphql-require-preflight",
        },
    )

    assert answer.status_code == 200


async def test_ten_thousand_parameters_are_read_in_no_time(client):
    query = "&".join(f"p{number}=1" for number in range(10_000))

    status, _ = await asked(client, "GET", f"/graphql?{query}")

    assert status == 400
