"""A tiny GraphQL server around the page, so that its tests need no database and no store."""

import json
from itertools import count

from graphql import build_schema, graphql
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from server import graphiql

SCHEMA = build_schema("""
    type Query { viewer: User photos(first: Int): PhotoConnection! }
    type Mutation { signUp(input: SignUpInput!): SessionPayload! logOut: LogOutPayload! }
    input SignUpInput { username: String! email: String! password: String! displayName: String }
    type PhotoConnection { edges: [PhotoEdge!]! pageInfo: PageInfo! }
    type PhotoEdge { node: Photo! }
    type Photo { id: ID! title: String! caption: String! createdAt: String! owner: User! variant(minWidth: Int): Variant }
    type Variant { url: String! width: Int! height: Int! }
    type PageInfo { hasNextPage: Boolean! endCursor: String }
    type User {
        id: ID! username: String! displayName: String! bio: String! isPrivate: Boolean!
        photoCount: Int! followerCount: Int! followingCount: Int!
    }
    type SessionPayload { session: Session errors: [UserError!]! }
    type Session { accessToken: String! accessTokenExpiresAt: String! refreshToken: String! user: User! }
    type LogOutPayload { errors: [UserError!]! }
    type UserError { code: String! message: String! path: [String!]! }
""")  # noqa: E501


class Root:
    """Accounts in memory; the access token of an account is its number."""

    def __init__(self):
        self.users = {}
        self.numbers = count(1)

    def viewer(self, info):
        return self.users.get(info.context)

    def photos(self, info, first=20):
        return {"edges": [], "pageInfo": {"hasNextPage": False, "endCursor": None}}

    def signUp(self, info, input):  # noqa: N802
        token = f"token-{next(self.numbers)}"
        zeros = dict.fromkeys(("photoCount", "followerCount", "followingCount"), 0)
        names = {"username": input["username"], "displayName": input.get("displayName", "")}
        self.users[token] = {"id": token, "bio": "", "isPrivate": False, **names, **zeros}
        session = {"accessToken": token, "refreshToken": token, "user": self.users[token]}
        session["accessTokenExpiresAt"] = "2999-01-01T00:00:00Z"
        return {"session": session, "errors": []}

    def logOut(self, info):  # noqa: N802
        self.users.pop(info.context, None)
        return {"errors": []}


def toy() -> Starlette:
    root = Root()

    async def answer(request: Request) -> Response:
        if request.method == "GET":
            return graphiql.page()
        body = json.loads(await request.body())
        token = request.headers.get("authorization", "").removeprefix("Bearer ")
        result = await graphql(
            SCHEMA,
            body["query"],
            root,
            token,
            body.get("variables"),
            body.get("operationName"),
        )
        return JSONResponse(result.formatted)

    endpoint = Route("/graphql", answer, methods=["GET", "POST"])
    return Starlette(routes=[endpoint, *graphiql.routes()])
