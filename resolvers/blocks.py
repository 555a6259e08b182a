"""Blocking: how one ends it with somebody, and whom one has blocked."""

from resolvers.context import Info
from resolvers.follows import UserIdArgument
from resolvers.ids import as_user_id
from resolvers.paging import After, First, requested
from schema.users import User, UserConnection, UserPayload
from storage import blocks, users
from storage.refusals import Missing


async def block(info: Info, id: UserIdArgument) -> UserPayload:
    """Hide a user and yourself from each other, and end every follow between you.

    They are not told. Again changes nothing.
    """
    viewer = info.context.signed_in().user_id
    blocked = as_user_id(id)
    async with info.context.database.begin() as tx:
        await blocks.add(tx, viewer, blocked)
        # This answer is the last one in which the viewer meets them.
        row = await users.require(tx, blocked, None)
    return UserPayload(user=User.of(row))


async def unblock(info: Info, id: UserIdArgument) -> UserPayload:
    """Lift your block. What it ended stays ended; the user is null if they block you too."""
    viewer = info.context.signed_in().user_id
    blocked = as_user_id(id)
    async with info.context.database.begin() as tx:
        was_lifted = await blocks.remove(tx, viewer, blocked)
        row = (await users.by_ids(tx, [blocked], viewer)).get(blocked)
    if row is None and not was_lifted:
        raise Missing("there is no such user", "id")
    return UserPayload(user=User.of(row) if row else None)


async def blocked_users(info: Info, first: First = 20, after: After = None) -> UserConnection:
    """Whom you have blocked, the latest first. Needs a session."""
    viewer = info.context.signed_in().user_id
    request = requested("users", first, after)
    async with info.context.database.connect() as connection:
        return UserConnection.of(await blocks.blocked_by(connection, viewer, request))
