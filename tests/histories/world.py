"""The real thing for histories: people who act through the API, and what they are shown."""

import asyncio
from collections.abc import Awaitable
from typing import Any, TypeVar

import httpx

from server import parts
from server.app import create_app
from server.settings import Settings
from storage import variants
from storage.rows import AttemptRow, PhotoFailureCode
from tests.making import Person, Shared, made, make_person, make_photo, make_ready

Answer = TypeVar("Answer")

SEEN = """
query($name: String!) {
  user(username: $name) {
    photoCount followerCount followingCount viewerFollow followsViewer isPrivate
    photos(first: 100) { edges { node { id status likeCount commentCount viewerHasLiked
      likers(first: 4) { edges { node { username } } }
    } } }
    followers(first: 4) { edges { node { username } } }
    following(first: 4) { edges { node { username } } }
  }
}
"""
LISTS = """
query($tag: String!) {
  feed(first: 100) { edges { node { id } } }
  top: feed(first: 100, order: TOP) { edges { node { id } } }
  tagged: photos(first: 100, tag: $tag) { edges { node { id } } }
  followRequests(first: 4) { edges { node { username } } }
}
"""
TOLD = """
{ notifications(first: 100) { unreadCount edges { node {
  kind isRead photo { id } comment { id } actorCount actors(first: 4) { username }
} } } }
"""
READ = "mutation { markNotificationsRead { unreadCount errors { code } } }"
COMMENTS = """
query($id: ID!) { node(id: $id) {
  ... on Photo { entries: comments(first: 100) { edges { node { id body replyCount } } } }
  ... on Comment { entries: replies(first: 100) { edges { node { id body replyCount } } } }
} }
"""


class World:
    """One application, called in this process on a loop of its own."""

    def __init__(self, settings: Settings) -> None:
        self._runner = asyncio.Runner()
        self._settings = settings
        self._photos: dict[str, Shared] = {}
        self._database = parts.database(settings, "picshare-histories")
        app = create_app(settings)
        transport = httpx.ASGITransport(app)
        self._client = httpx.AsyncClient(transport=transport, base_url="http://api")
        self._lifespan = app.lifespan()
        self._run(self._lifespan.__aenter__())

    def close(self) -> None:
        self._run(self._client.aclose())
        self._run(self._lifespan.__aexit__(None, None, None))
        self._run(self._database.close())
        self._runner.close()

    def _run(self, work: Awaitable[Answer]) -> Answer:
        async def awaited() -> Answer:
            return await work

        return self._runner.run(awaited())

    def person(self, name: str) -> Person:
        return self._run(make_person(self._database, self._settings, name))

    def photo(self, owner: Person, visibility: str, tag: str) -> str:
        """The id of a new photo that awaits its variants."""
        making = make_photo(
            self._database, owner, visibility=visibility, tags=[tag], is_ready=False
        )
        photo = self._run(making)
        self._photos[photo.id] = photo
        return photo.id

    def render(self, id: str) -> None:
        """What a worker does of a photo that awaits it."""
        self._run(make_ready(self._database, self._photos[id]))

    def fail(self, id: str, *, is_retryable: bool) -> None:
        """What a worker does of a picture that is none, or that it cannot handle now."""
        code = PhotoFailureCode.PROCESSING_ERROR if is_retryable else PhotoFailureCode.CORRUPT_IMAGE

        async def failed() -> bool:
            async with self._database.begin() as tx:
                attempt = await variants.begin_attempt(tx, self._photos[id].key)
                assert attempt is not None
                return await variants.fail(tx, attempt, code, "it went wrong")

        assert self._run(failed())

    def begin(self, id: str) -> AttemptRow:
        """A worker begins; `come_late` is how it ends when the photo is deleted meanwhile."""

        async def begun() -> AttemptRow | None:
            async with self._database.begin() as tx:
                return await variants.begin_attempt(tx, self._photos[id].key)

        attempt = self._run(begun())
        assert attempt is not None
        return attempt

    def come_late(self, attempt: AttemptRow) -> None:
        async def finished() -> bool:
            size = {"width": 4, "height": 3, "blurhash": "", "dominant_color": "#000000"}
            async with self._database.begin() as tx:
                return await variants.finish(tx, attempt, made(attempt), **size)

        assert self._run(finished()) is False

    def ask(self, query: str, viewer: Person, **variables: Any) -> dict[str, Any]:
        answer = self._run(
            self._client.post(
                "/graphql",
                json={"query": query, "variables": variables},
                headers={"Authorization": f"Bearer {viewer.token}"},
            )
        ).json()
        assert "errors" not in answer, answer
        return answer["data"]

    def change(self, mutation: str, viewer: Person, id: str) -> bool:
        """Whether a mutation that takes an id alone was allowed."""
        document = f"mutation($id: ID!) {{ answer: {mutation}(id: $id) {{ errors {{ code }} }} }}"
        return self.ask(document, viewer, id=id)["answer"]["errors"] == []

    def comment(self, viewer: Person, photo: str, parent: str | None) -> str | None:
        """The id of a new comment; None when it was refused."""
        document = """
        mutation($input: AddCommentInput!) { addComment(input: $input) { comment { id } } }
        """
        input = {"photoId": photo, "body": "Nice", "parentId": parent}
        made = self.ask(document, viewer, input=input)["addComment"]["comment"]
        return made and made["id"]

    def update(self, viewer: Person, kind: str, **input: Any) -> bool:
        document = f"""
        mutation($input: {kind[0].upper()}{kind[1:]}Input!) {{
          {kind}(input: $input) {{ errors {{ code }} }}
        }}
        """
        return self.ask(document, viewer, input=input)[kind]["errors"] == []

    def thread(self, viewer: Person, id: str) -> list[tuple]:
        """(id, is deleted, replies) of every comment under a photo or a comment."""
        found = self.ask(COMMENTS, viewer, id=id)["node"]["entries"]["edges"]
        threads = []
        for edge in found:
            node = edge["node"]
            replies = self.thread(viewer, node["id"])
            assert node["replyCount"] == len(replies), node
            threads.append((node["id"], node["body"] is None, replies))
        return threads
