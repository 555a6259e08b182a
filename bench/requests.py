"""What is asked: three requests, each time of another viewer about something else."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import count
from uuid import UUID

import orjson

from schema import pages
from server.auth.tokens import Tokens
from server.embedded import postgres
from storage.rows import Cursor, PhotoId, SessionId, SessionRow, UserId

SECRET = "the benchmark signs with this and nobody else does"
PATH = "/graphql"

FEED = """
query Feed($after: String) {
  feed(first: 20, after: $after) {
    edges {
      cursor
      node {
        id title caption createdAt width height blurhash dominantColor
        owner { id username displayName }
        variants { name url width height }
        likeCount commentCount viewerHasLiked
      }
    }
    pageInfo { hasNextPage endCursor }
  }
}
"""
PHOTO = """
query PhotoPage($id: ID!) {
  node(id: $id) {
    ... on Photo {
      id title caption altText createdAt width height blurhash dominantColor
      owner { id username displayName viewerFollow }
      variants { name url width height }
      likeCount commentCount viewerHasLiked
      comments(first: 10) {
        edges {
          cursor
          node { id body createdAt replyCount author { id username displayName } }
        }
        pageInfo { hasNextPage endCursor }
      }
    }
  }
}
"""
PROFILE = """
query Profile($username: String!) {
  user(username: $username) {
    id username displayName bio isPrivate createdAt
    photoCount followerCount followingCount viewerFollow followsViewer
    photos(first: 12) {
      edges {
        cursor
        node {
          id title blurhash width height likeCount commentCount
          variants { name url width height }
        }
      }
      pageInfo { hasNextPage endCursor }
    }
  }
}
"""


@dataclass(frozen=True, slots=True)
class People:
    """Who asks, and what there is to ask about."""

    tokens: list[str]
    usernames: list[str]
    photos: list[str]
    # Cursors of the feed.
    places: list[str]


def people(cluster: postgres.Cluster) -> People:
    """Two thousand viewers with about 100 followees, and photos and users of all kinds."""
    rows = postgres.ask(
        cluster,
        "select s.id || ' ' || u.id || ' ' || u.username from sessions s join users u on u.id ="
        " s.user_id where u.following_count < 200 order by u.id limit 2000",
    )
    photos = postgres.ask(cluster, "select id from photos order by md5(id::text) limit 5000")
    usernames = postgres.ask(
        cluster, "select username from users order by md5(id::text) limit 5000"
    )
    places = postgres.ask(
        cluster, "select created_at, id from photos order by md5('place' || id) limit 5000"
    )
    return People(
        [token(*line.split()[:2]) for line in rows.splitlines()],
        usernames.splitlines(),
        [f"photo_{UUID(line).hex}" for line in photos.splitlines()],
        [place(*line.split("|")) for line in places.splitlines()],
    )


def place(at: str, id: str) -> str:
    """The cursor of a feed at that photo."""
    return pages.written("photos", Cursor(datetime.fromisoformat(at), PhotoId(UUID(id))))


def token(session: str, user: str) -> str:
    """An access token of that session, good for a day."""
    tokens = Tokens(SECRET, access_ttl=timedelta(days=1))
    return tokens.access(SessionRow(SessionId(UUID(session)), UserId(UUID(user))))[0]


def sequence(name: str, asked: People, seed: int) -> Iterator[bytes]:
    """Requests without end, as bytes on the wire; the same for the same *seed*."""
    chance = random.Random(seed)
    viewers, things = asked.tokens[:], {"photo": asked.photos, "profile": asked.usernames}.get(name)
    chance.shuffle(viewers)
    for n in count():
        viewer = viewers[n % len(viewers)]
        if name == "feed":
            # Every other one is a later page, from a place anywhere in the data.
            after = chance.choice(asked.places) if n % 2 else None
            yield written(viewer, FEED, {"after": after})
        elif name == "photo":
            yield written(viewer, PHOTO, {"id": chance.choice(things or [])})
        else:
            yield written(viewer, PROFILE, {"username": chance.choice(things or [])})


def written(bearer: str | None, query: str, variables: dict[str, object]) -> bytes:
    """A request as it goes over the wire; without a token it is a guest's."""
    body = orjson.dumps({"query": query, "variables": variables})
    authorization = f"Authorization: Bearer {bearer}\r\n" if bearer else ""
    head = (
        f"POST {PATH} HTTP/1.1\r\nHost: bench\r\n{authorization}"
        f"Content-Type: application/json\r\nAccept: application/json\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body
