"""Pages of any origin may ask, because they must bring the token themselves."""

import pytest

ORIGIN = {"Origin": "https://photos.example.org"}


def names(header):
    return {name.strip().lower() for name in header.split(",")}


async def test_a_page_of_another_origin_may_send_a_token(client):
    answer = await client.options(
        "/graphql",
        headers=ORIGIN
        | {
            "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": "authorization,content-type,x-request-id",
        },
    )

    assert answer.status_code == 200
    assert answer.headers["access-control-allow-origin"] == "*"
    assert "access-control-allow-credentials" not in answer.headers
    assert names(answer.headers["access-control-allow-methods"]) == {"get", "post"}
    assert names(answer.headers["access-control-allow-headers"]) >= {
        "authorization",
        "content-type",
        "x-request-id",
    }


@pytest.mark.parametrize(
    ("method", "header"), [("DELETE", "content-type"), ("POST", "x-something-else")]
)
async def test_what_the_api_does_not_take_is_not_allowed(client, method, header):
    answer = await client.options(
        "/graphql",
        headers=ORIGIN
        | {"Access-Control-Request-Method": method, "Access-Control-Request-Headers": header},
    )

    assert answer.status_code == 400


async def test_a_page_of_another_origin_may_read_the_answer(client):
    answer = await client.post("/graphql", json={"query": "{ __typename }"}, headers=ORIGIN)

    assert answer.json() == {"data": {"__typename": "Query"}}
    assert answer.headers["access-control-allow-origin"] == "*"
    assert names(answer.headers["access-control-expose-headers"]) == {
        "x-request-id",
        "idempotency-replayed",
        "retry-after",
        "ratelimit",
        "ratelimit-policy",
    }
    assert "set-cookie" not in answer.headers


@pytest.mark.parametrize("body", [b"", b"{}", b"x" * 200_000])
async def test_a_page_may_read_a_refusal_too(client, body):
    answer = await client.post(
        "/graphql", content=body, headers=ORIGIN | {"Content-Type": "application/json"}
    )

    assert answer.status_code in {400, 413}
    assert answer.headers["access-control-allow-origin"] == "*"
