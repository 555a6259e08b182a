"""The home feed."""

from typing import Annotated

import strawberry

from resolvers.context import Info
from resolvers.paging import After, First, requested, requested_scored
from schema.enums import FeedOrder
from schema.photos import PhotoConnection
from storage import feed as feeds

Order = Annotated[
    FeedOrder,
    strawberry.argument(
        description="TOP scores each of the newest 500 photos of the last seven days by "
        "(1 + likes + 2 * comments) / (hours since it was published + 2) ^ 1.5, as things stood "
        "when the first page was asked for: it stays the same list for as long as one scrolls."
    ),
]


async def feed(
    info: Info, first: First = 20, after: After = None, order: Order = FeedOrder.RECENT
) -> PhotoConnection:
    """Photos of the people you follow, and your own, once they are READY. Needs a session."""
    viewer = info.context.signed_in().user_id
    if order is FeedOrder.RECENT:
        request = requested("photos", first, after)
        async with info.context.database.reading() as way:
            page = await feeds.recent(way, viewer, request, info.context.loaders.along)
        return PhotoConnection.of(page)
    scored = requested_scored("best", first, after)
    async with info.context.database.connect() as connection:
        return PhotoConnection.of(await feeds.top(connection, viewer, scored), "best")
