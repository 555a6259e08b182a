"""The operations that GraphiQL offers run as they stand, in the order of their tour."""

import base64
import copy
import hashlib
import io
import secrets

import httpx
import pytest
from PIL import Image

from server.graphiql import examples
from tests.making import make_photo


def _picture() -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (600, 400), "seagreen").save(file, "JPEG")
    return file.getvalue()


class Newcomer:
    """Fills in what only a running server knows, from the answers so far."""

    def __init__(self, client: httpx.AsyncClient, follows: str, sees: str) -> None:
        self.client = client
        self.name = f"newcomer_{secrets.token_hex(6)}"
        self.known: dict[str, object] = {"a user's id": follows, "a photo's id": sees}
        self.token = None
        self.data = _picture()

    def filled(self, value: object) -> object:
        match value:
            case dict():
                return {key: self.filled(each) for key, each in value.items()}
            case list():
                return [self.filled(each) for each in value]
            case str() if value.startswith("<"):
                return next(self.known[key] for key in self.known if key in value)
            case str():
                return value.replace("newcomer", self.name)
            case _:
                return value

    async def run(self, example) -> dict:
        variables = self.filled(copy.deepcopy(example.variables))
        if example.name == "CreateUpload":
            digest = base64.b64encode(hashlib.sha256(self.data).digest()).decode()
            variables["input"] |= {"byteSize": len(self.data), "checksumSha256": digest}
        answer = await self.client.post(
            "/graphql",
            json={"query": example.document, "variables": variables},
            headers={"Authorization": f"Bearer {self.token}"} if self.token else {},
        )
        body = answer.json()
        assert "errors" not in body, body
        await self.learn(example.name, body["data"])
        return body["data"]

    async def learn(self, name: str, data: dict) -> None:
        if name in {"SignUp", "LogIn", "RefreshSession"}:
            session = next(iter(data.values()))["session"]
            self.token = session["accessToken"]
            self.known["the refreshToken of your session"] = session["refreshToken"]
        if name == "PublishPhoto":
            self.known["your photo's id"] = data["publishPhoto"]["photo"]["id"]
        if name == "AddComment":
            self.known["a comment's id"] = data["addComment"]["comment"]["id"]
        if name == "CreateUpload":
            upload = data["createUpload"]["upload"]
            self.known["the upload's id"] = upload["id"]
            request = upload["request"]
            headers = {header["name"]: header["value"] for header in request["headers"]}
            async with httpx.AsyncClient() as store:
                sent = await store.put(request["url"], headers=headers, content=self.data)
            assert sent.status_code == 200


async def test_every_example_runs_in_the_order_of_the_tour(client, database, ask, ann):
    photo = await make_photo(database, owner=ann)
    newcomer = Newcomer(client, follows=ann.id, sees=photo.id)

    for example in examples():
        if example.kind == "subscription":
            continue
        data = await newcomer.run(example)
        for payload in data.values():
            if isinstance(payload, dict) and "errors" in payload:
                assert payload["errors"] == [], example.name

    with pytest.raises(AssertionError, match="UNAUTHENTICATED"):
        await newcomer.run(next(each for each in examples() if each.name == "Feed"))
