"""Following: who follows whom, and how one begins and ends it."""

from typing import Annotated

import strawberry

from resolvers.context import Info
from resolvers.ids import as_user_id
from resolvers.paging import After, First, requested
from schema.enums import FollowState
from schema.users import User, UserConnection, UserPayload
from storage import follow_requests, follows, users
from storage.database import Writing
from storage.rows import UserId

UserIdArgument = Annotated[strawberry.ID, strawberry.argument(description="The user's id.")]


async def follow(info: Info, id: UserIdArgument) -> UserPayload:
    """Follow a user; a private account is asked first. Following twice is following once."""
    viewer = info.context.signed_in().user_id
    followee = as_user_id(id)
    async with info.context.database.begin() as tx:
        await follows.add(tx, viewer, followee)
        return await _payload(tx, followee, viewer)


async def unfollow(info: Info, id: UserIdArgument) -> UserPayload:
    """Stop following a user, or withdraw the request. Again changes nothing."""
    viewer = info.context.signed_in().user_id
    followee = as_user_id(id)
    async with info.context.database.begin() as tx:
        await follows.remove(tx, viewer, followee)
        return await _payload(tx, followee, viewer)


async def accept(info: Info, id: UserIdArgument) -> UserPayload:
    """Let in a user who asks to follow you. Again changes nothing."""
    viewer = info.context.signed_in().user_id
    follower = as_user_id(id)
    async with info.context.database.begin() as tx:
        await follow_requests.accept(tx, viewer, follower)
        return await _payload(tx, follower, viewer)


async def decline(info: Info, id: UserIdArgument) -> UserPayload:
    """Send away a user who asks to follow you; they are not told."""
    viewer = info.context.signed_in().user_id
    follower = as_user_id(id)
    async with info.context.database.begin() as tx:
        await follow_requests.decline(tx, viewer, follower)
        return await _payload(tx, follower, viewer)


async def remove_follower(info: Info, id: UserIdArgument) -> UserPayload:
    """Make a user follow you no longer; they are not told. Again changes nothing."""
    viewer = info.context.signed_in().user_id
    follower = as_user_id(id)
    async with info.context.database.begin() as tx:
        await follows.remove_follower(tx, viewer, follower)
        return await _payload(tx, follower, viewer)


async def requests(info: Info, first: First = 20, after: After = None) -> UserConnection:
    """Who asks to follow you, the latest first. Needs a session."""
    viewer = info.context.signed_in().user_id
    request = requested("users", first, after)
    async with info.context.database.connect() as connection:
        return UserConnection.of(await follow_requests.waiting(connection, viewer, request))


async def _payload(tx: Writing, id: UserId, viewer: UserId) -> UserPayload:
    return UserPayload(user=User.of(await users.require(tx, id, viewer)))


async def viewer_follow(user: strawberry.Parent[User], info: Info) -> FollowState:
    """How you follow this user; NONE for guests."""
    return await info.context.loaders.follow_states.load(user.key) or FollowState.NONE


async def follows_viewer(user: strawberry.Parent[User], info: Info) -> bool:
    """Whether this user follows you; false for guests."""
    return await info.context.loaders.follows_viewer.load(user.key) or False


async def follower_count(user: strawberry.Parent[User], info: Info) -> int:
    """How many follow them: as many as you find in `followers`."""
    return user.row.follower_count - await info.context.loaders.hidden_followers(user.key)


async def following_count(user: strawberry.Parent[User], info: Info) -> int:
    """How many they follow: as many as you find in `following`."""
    return user.row.following_count - await info.context.loaders.hidden_following(user.key)


async def followers(
    user: strawberry.Parent[User], info: Info, first: First = 20, after: After = None
) -> UserConnection:
    """Who follows them, the latest follower first."""
    pages = info.context.loaders.follower_pages(requested("users", first, after))
    return UserConnection.of(await pages.load(user.key))


async def following(
    user: strawberry.Parent[User], info: Info, first: First = 20, after: After = None
) -> UserConnection:
    """Whom they follow, the latest followed first."""
    pages = info.context.loaders.following_pages(requested("users", first, after))
    return UserConnection.of(await pages.load(user.key))
