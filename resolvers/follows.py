"""Following: who follows whom, and how one begins and ends it."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Annotated

import strawberry

from resolvers.batches import batched
from resolvers.context import Info
from resolvers.edges import edge
from resolvers.extend import costs
from resolvers.ids import as_user_id
from resolvers.paging import After, First, requested
from schema.enums import FollowState
from schema.users import User, UserConnection, UserPayload
from storage import follow_requests, follows, users
from storage.database import Writing
from storage.rows import UserId

UserIdArgument = Annotated[strawberry.ID, strawberry.argument(description="The user's id.")]


Change = Callable[[Writing, UserId, UserId], Awaitable[object]]


async def follow(info: Info, id: UserIdArgument) -> UserPayload:
    """Follow a user; a private account is asked first. Following twice is following once."""
    return await _changed(info, id, follows.add)


async def unfollow(info: Info, id: UserIdArgument) -> UserPayload:
    """Stop following a user, or withdraw the request. Again changes nothing."""
    return await _changed(info, id, follows.remove)


async def accept(info: Info, id: UserIdArgument) -> UserPayload:
    """Let in a user who asks to follow you. Again changes nothing."""
    return await _changed(info, id, follow_requests.accept)


async def decline(info: Info, id: UserIdArgument) -> UserPayload:
    """Send away a user who asks to follow you; they are not told."""
    return await _changed(info, id, follow_requests.decline)


async def remove_follower(info: Info, id: UserIdArgument) -> UserPayload:
    """Make a user follow you no longer; they are not told. Again changes nothing."""
    return await _changed(info, id, follows.remove_follower)


async def _changed(info: Info, id: strawberry.ID, change: Change) -> UserPayload:
    """The user, once what lies between them and the viewer is changed."""
    viewer, other = info.context.signed_in().user_id, as_user_id(id)
    async with info.context.database.begin() as tx:
        await change(tx, viewer, other)
        return UserPayload(user=User.of(await users.require(tx, other, viewer)))


async def requests(info: Info, first: First = 20, after: After = None) -> UserConnection:
    """Who asks to follow you, the latest first. Needs a session."""
    viewer = info.context.signed_in().user_id
    request = requested("users", first, after)
    async with info.context.database.connect() as connection:
        return UserConnection.of(await follow_requests.waiting(connection, viewer, request))


@edge(follows.ALONG, by="id")
def viewer_follow(_user: User, state: FollowState | None) -> FollowState:
    """How you follow this user; NONE for guests."""
    return state or FollowState.NONE


@edge(follows.ALONG_BACK, by="id")
def follows_viewer(_user: User, is_following: bool | None) -> bool:  # noqa: FBT001 - It is read.
    """Whether this user follows you; false for guests."""
    return bool(is_following)


@costs(3)
@edge(follows.HIDDEN_FOLLOWERS, by="id")
def follower_count(user: User, hidden: int | None) -> int:
    """How many follow them: as many as you find in `followers`."""
    return user.row.follower_count - (hidden or 0)


@costs(3)
@edge(follows.HIDDEN_FOLLOWING, by="id")
def following_count(user: User, hidden: int | None) -> int:
    """How many they follow: as many as you find in `following`."""
    return user.row.following_count - (hidden or 0)


@batched
async def followers(
    users: Sequence[User], info: Info, first: First = 20, after: After = None
) -> list[UserConnection]:
    """Who follows them, the latest follower first."""
    pages = info.context.loaders.follower_pages(requested("users", first, after))
    return [UserConnection.of(page) for page in await pages.many([user.key for user in users])]


@batched
async def following(
    users: Sequence[User], info: Info, first: First = 20, after: After = None
) -> list[UserConnection]:
    """Whom they follow, the latest followed first."""
    pages = info.context.loaders.following_pages(requested("users", first, after))
    return [UserConnection.of(page) for page in await pages.many([user.key for user in users])]
