"""What is secret stands nowhere but in the answer to whoever may have it."""

import io
import secrets
import sys

import pytest
from sqlalchemy import text

from server import logs
from storage.tables import metadata
from tests.accounts.operations import (
    CHANGE_PASSWORD,
    LOG_IN,
    REFRESH,
    REQUEST_RESET,
    RESET,
    SIGN_UP,
    VIEWER,
    account,
)

CREATE = """
mutation($input: CreateUploadInput!) {
  createUpload(input: $input) { upload { request { url } } errors { code } }
}
"""


@pytest.fixture
def logged(client, monkeypatch):
    written = io.StringIO()
    with monkeypatch.context() as patched:
        patched.setattr(sys, "stderr", written)
        logs.configure("json", "debug")
    yield written
    logs.configure("json", "info")


async def test_no_secret_is_in_logs_metrics_errors_or_rows(client, database, mailbox, logged):
    known, bodies = [], []

    async def post(query, token=None, **variables):
        headers = {"Idempotency-Key": secrets.token_hex(16)}
        headers |= {"Authorization": f"Bearer {token}"} if token else {}
        known.append(headers["Idempotency-Key"])
        body = {"query": query, "variables": variables}
        answer = (await client.post("/graphql", json=body, headers=headers)).json()
        bodies.append(answer.get("errors"))
        return next(iter((answer.get("data") or {"": None}).values()))

    password, other, third = (f"canary {secrets.token_hex(8)}" for _ in range(3))
    given = account(password=password)
    session = (await post(SIGN_UP, input=given))["session"]
    refreshed = await client.post(
        "/graphql",
        json={"query": REFRESH, "variables": {"token": session["refreshToken"]}},
    )
    token = refreshed.json()["data"]["refreshSession"]["session"]
    logged_in = (await post(LOG_IN, login=given["username"], password=password))["session"]
    await post(LOG_IN, login=given["username"], password=other)
    changed = await post(CHANGE_PASSWORD, token["accessToken"], password=password, new=other)
    await post(VIEWER, token["accessToken"] + "x")
    file = {"contentType": "image/jpeg", "byteSize": 1, "checksumSha256": "A" * 43 + "="}
    upload = await post(CREATE, changed["session"]["accessToken"], input=file)
    await post(REQUEST_RESET, email=given["email"])
    code = await mailbox.code(given["email"], "Reset your password")
    reset = await post(RESET, code=code, password=third)
    await client.post("/graphql", content=f'{{"query": "{password}')
    await post(f'{{ viewer(password: "{password}") {{ id }} }}')

    known += [password, other, third, code]
    for opened in (session, token, logged_in, changed["session"], reset["session"]):
        known += [opened["accessToken"].split(".")[2], opened["refreshToken"]]
    known.append(upload["upload"]["request"]["url"].partition("X-Amz-Signature=")[2])
    assert all(known)
    metrics = (await client.get("/metrics")).text
    kept = []
    async with database.connect() as connection:
        for name in [*metadata.tables, "pgqueuer", "pgqueuer_log"]:
            rows = (await connection.execute(text(f"select t::text from {name} t"))).scalars()
            kept.extend(rows)
    places = {"logs": logged.getvalue(), "metrics": metrics, "rows": "\n".join(kept)}
    # An error may quote the client's own document back to it, and nothing else.
    places["errors"] = repr(bodies[:-1])
    assert '"event":"request"' in places["logs"]
    for place, said in places.items():
        for secret in known:
            assert secret not in said, place
            assert secret.encode().hex() not in said, place
