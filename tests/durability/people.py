"""Clients that write down what was acknowledged to them, and repeat with one key what was not."""

import asyncio
import random
import secrets
from collections import Counter
from dataclasses import dataclass, field
from uuid import uuid4

import httpx

from tests.storing import picture
from tests.uploads.desk import digest

PATIENCE_S = 120
PAUSE_S = 0.1
PASSING = frozenset({"SERVICE_UNAVAILABLE", "DEADLINE_EXCEEDED", "IDEMPOTENCY_KEY_IN_USE"})
SIGN_UP = """mutation($input: SignUpInput!) { signUp(input: $input) {
  session { accessToken user { id } } errors { code message } } }"""
CREATE = """mutation($input: CreateUploadInput!) { createUpload(input: $input) {
  upload { id request { method url headers { name value } } } errors { code message } } }"""
PUBLISH = """mutation($input: PublishPhotoInput!) { publishPhoto(input: $input) {
  photo { id } errors { code message } } }"""
LIKE = "mutation($id: ID!) { likePhoto(id: $id) { photo { id } errors { code message } } }"
COMMENT = """mutation($photo: ID!, $body: String!) {
  addComment(input: {photoId: $photo, body: $body}) { comment { id } errors { code message } } }"""
FEED = "{ photos(first: 10) { edges { node { id likeCount owner { username } } } } }"


@dataclass(slots=True)
class Ledger:
    """All that was acknowledged, to anybody."""

    users: dict[str, str] = field(default_factory=dict)
    photos: dict[str, str] = field(default_factory=dict)
    comments: dict[str, str] = field(default_factory=dict)
    likes: set[tuple[str, str]] = field(default_factory=set)
    # What had to be asked for again, by why; and what must never be answered.
    repeated: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)

    def size(self) -> int:
        return sum(map(len, (self.users, self.photos, self.comments, self.likes)))


class Someone:
    """A user with a client of their own."""

    def __init__(self, http: httpx.AsyncClient, ledger: Ledger, chance: random.Random) -> None:
        self._http = http
        self._ledger = ledger
        self._chance = chance
        self._headers: dict[str, str] = {}
        self.id = ""

    async def sign_up(self) -> None:
        name = f"u{secrets.token_hex(8)}"
        wanted = {"username": name, "email": f"{name}@example.org", "password": "correct horse 9"}
        session = (await self._done("signUp", SIGN_UP, input=wanted))["session"]
        self.id = session["user"]["id"]
        self._ledger.users[self.id] = name
        self._headers = {"Authorization": f"Bearer {session['accessToken']}"}

    async def share(self) -> None:
        data = picture(self._chance.choice(["teal", "navy", "olive"]), (160, 120))
        wanted = {
            "contentType": "image/jpeg",
            "byteSize": len(data),
            "checksumSha256": digest(data),
            "idempotencyKey": str(uuid4()),
        }
        upload = (await self._done("createUpload", CREATE, input=wanted))["upload"]
        await self._put(upload["request"], data)
        wanted = {"uploadId": upload["id"], "title": "A", "visibility": "PUBLIC"}
        published = await self._done("publishPhoto", PUBLISH, input=wanted)
        self._ledger.photos[published["photo"]["id"]] = self.id

    async def comment(self, photo: str) -> None:
        body = secrets.token_hex(8)
        written = await self._done("addComment", COMMENT, photo=photo, body=body)
        self._ledger.comments[written["comment"]["id"]] = body

    async def like(self, photo: str) -> None:
        await self._done("likePhoto", LIKE, id=photo)
        self._ledger.likes.add((self.id, photo))

    async def read(self) -> list[str]:
        """The newest photos, which are READY."""
        found = await self._asked(FEED, {}, {})
        return [edge["node"]["id"] for edge in found["photos"]["edges"]]

    async def _done(self, name: str, query: str, **variables) -> dict:
        payload = (await self._asked(query, variables, {"Idempotency-Key": str(uuid4())}))[name]
        assert payload["errors"] == [], payload
        return payload

    async def _asked(self, query: str, variables: dict, headers: dict[str, str]) -> dict:
        body = {"query": query, "variables": variables}

        async def once() -> httpx.Response:
            return await self._http.post("/graphql", json=body, headers=self._headers | headers)

        return (await self._insisted(once, _is_answered)).json()["data"]

    async def _put(self, request: dict, data: bytes) -> None:
        headers = {each["name"]: each["value"] for each in request["headers"]}

        async def once() -> httpx.Response:
            return await self._http.put(request["url"], content=data, headers=headers)

        await self._insisted(once, _is_stored)

    async def _insisted(self, once, is_done) -> httpx.Response:
        async with asyncio.timeout(PATIENCE_S):
            while True:
                try:
                    answer = await once()
                except httpx.TransportError as error:
                    self._ledger.repeated[type(error).__name__] += 1
                else:
                    if is_done(answer):
                        return answer
                    self._note(answer)
                await asyncio.sleep(PAUSE_S)

    def _note(self, answer: httpx.Response) -> None:
        if answer.url.path != "/graphql":
            self._ledger.repeated[f"store {answer.status_code}"] += 1
            return
        codes = {error["extensions"]["code"] for error in answer.json()["errors"]}
        self._ledger.repeated[f"{answer.status_code} {'/'.join(sorted(codes))}"] += 1
        if not codes <= PASSING:
            self._ledger.wrong.append(answer.text)


def _is_answered(answer: httpx.Response) -> bool:
    return answer.status_code == 200 and "errors" not in answer.json()


def _is_stored(answer: httpx.Response) -> bool:
    # A store that keeps what came first has it from a try whose answer was lost.
    return answer.is_success or answer.status_code == 412


async def living(someone: Someone, ledger: Ledger, chance: random.Random, stop) -> None:
    """Does what people do until told to stop."""
    await someone.sign_up()
    while not stop.is_set():
        await someone.share()
        for photo in chance.choices(await someone.read() or [""], k=3):
            if photo:
                await chance.choice([someone.comment, someone.like])(photo)
            await someone.read()
