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
        if name == "CreateLargeUpload":
            self.known["the large upload's id"] = data["createUpload"]["upload"]["id"]
        if name == "CreateUpload":
            upload = data["createUpload"]["upload"]
            self.known["the upload's id"] = upload["id"]
            request = upload["request"]
            headers = {header["name"]: header["value"] for header in request["headers"]}
            async with httpx.AsyncClient() as store:
                sent = await store.put(request["url"], headers=headers, content=self.data)
            assert sent.status_code == 200


ASK = "mutation($id: ID!) { followUser(id: $id) { errors { code } } }"
HIDE = "mutation { updateProfile(input: {isPrivate: true}) { errors { code } } }"
# What somebody on the tour does once more before these.
AGAIN = {"ChooseAvatar": "CreateUpload", "DeleteAccount": "LogIn"}


@pytest.fixture
def asked_to_follow(client, ask, ann):
    """Makes a newcomer private, and ann ask to follow them."""

    async def asked(newcomer):
        token = {"Authorization": f"Bearer {newcomer.token}"}
        for query in (HIDE, "{ viewer { id } }"):
            answer = await client.post("/graphql", json={"query": query}, headers=token)
        id = answer.json()["data"]["viewer"]["id"]
        assert (await ask(ASK, viewer=ann, id=id))["followUser"]["errors"] == []

    return asked


async def test_every_example_runs_in_the_order_of_the_tour(
    client, database, ask, ann, asked_to_follow
):
    photo = await make_photo(database, owner=ann)
    newcomer = Newcomer(client, follows=ann.id, sees=photo.id)

    for example in examples():
        if example.kind == "subscription":
            continue
        if example.name in {"AcceptFollow", "DeclineFollow"}:
            await asked_to_follow(newcomer)
        if example.name in AGAIN:
            await newcomer.run(
                next(each for each in examples() if each.name == AGAIN[example.name])
            )
        data = await newcomer.run(example)
        for payload in data.values():
            if isinstance(payload, dict) and "errors" in payload:
                assert payload["errors"] == [], example.name

    with pytest.raises(AssertionError, match="UNAUTHENTICATED"):
        await newcomer.run(next(each for each in examples() if each.name == "Feed"))
