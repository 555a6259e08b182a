"""Where every operation begins; `resolvers/graph.py` gives these types their fields."""

import strawberry


@strawberry.type(description="What can be read.")
class Query:
    pass


@strawberry.type(
    description="What can be followed as it happens, over WebSocket (graphql-transport-ws) or SSE."
)
class Subscription:
    pass


@strawberry.type(
    description="What can be changed. Each answer carries the errors a user can cause."
)
class Mutation:
    pass
