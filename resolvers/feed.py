"""The home feed."""

from resolvers.context import Info
from resolvers.paging import After, First, requested
from schema.photos import PhotoConnection
from storage import feed as feeds


async def feed(info: Info, first: First = 20, after: After = None) -> PhotoConnection:
    """Photos of the people you follow, and your own, once they are READY. Needs a session."""
    viewer = info.context.signed_in().user_id
    request = requested("photos", first, after)
    async with info.context.database.connect() as connection:
        return PhotoConnection.of(await feeds.recent(connection, viewer, request))
