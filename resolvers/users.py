"""People: who they are, what they share, and how one changes oneself."""

from collections.abc import Awaitable, Sequence
from typing import Annotated

import strawberry

from resolvers import avatars
from resolvers.context import Context, Info
from resolvers.credentials import MAX_DISPLAY_NAME
from resolvers.edges import edge, first_page
from resolvers.finding import Asked, UserSearch, searched, users_by
from resolvers.loaders import Loaders
from resolvers.paging import After, First
from resolvers.texts import line, prose
from schema.enums import FollowState
from schema.photos import Photo, PhotoConnection
from schema.users import DELETED, UpdateProfileInput, User, UserConnection, UserPayload
from storage import follow_requests, follows, jobs, users
from storage import photos as stored
from storage.refusals import Invalid, together
from storage.rows import Page, PhotoRow, UserId, UserRow

MAX_BIO = 500

Username = Annotated[str, strawberry.argument(description="The username, in any case.")]


async def viewer(info: Info) -> User | None:
    """The signed-in user, or null."""
    context, id = info.context, info.context.viewer_id
    if id is None:
        return None
    row = await context.root(context.loaders.users, id)
    return User.of(row) if row else None


async def user(info: Info, username: Username) -> User | None:
    """The user of that name, in any case; null when there is none that you may know of."""
    context = info.context
    async with context.database.reading() as way:
        row = await users.by_username(way, username, context.viewer_id, context.loaders.along)
    return User.of(row) if row else None


async def every_user(
    info: Info, first: First = 20, after: After = None, search: UserSearch = None
) -> UserConnection:
    """People: with `search` the best match first, else the newest."""
    text, asked = searched(search), Asked(first, after)
    async with info.context.database.connect() as connection:
        return await users_by(connection, asked, text, info.context.viewer_id)


def _users(context: Context, ids: list[UserId]) -> Awaitable[Sequence[UserRow | None]]:
    return context.loaders.users.many(ids)


@edge(users.ALONG, by="owner_id", ask=_users)
def owner(_photo: Photo, row: UserRow | None) -> User:
    """Who shared the photo; the stand-in `[deleted]` if that ended while you were asking."""
    return User.of(row or DELETED)


@first_page(stored.ALONG, "photos", by="id", ask=Loaders.photo_pages)
def photos(_user: User, page: Page[PhotoRow]) -> PhotoConnection:
    """Their photos that you may see, newest first; for yourself also those not yet READY."""
    return PhotoConnection.of(page)


async def _followed(context: Context, ids: list[UserId]) -> Sequence[FollowState | None]:
    if context.viewer_id is None or ids == [context.viewer_id]:
        return [None] * len(ids)
    return await context.loaders.follow_states.many(ids)


@edge(follows.ALONG, by="id", ask=_followed)
def photo_count(user: User, state: FollowState | None, context: Context) -> int:
    """How many photos you find in `photos`."""
    row = user.row
    if context.viewer_id == row.id:
        return row.own_photo_count
    if state is FollowState.FOLLOWING:
        return row.followers_photo_count
    return 0 if row.is_private else row.public_photo_count


async def update_profile(info: Info, input: UpdateProfileInput) -> UserPayload:
    """Change your own profile. A field left out stays as it is."""
    viewer = info.context.signed_in().user_id
    display_name, bio = together(lambda: _display_name(input), lambda: _bio(input))
    is_private = input.is_private if isinstance(input.is_private, bool) else None
    async with (
        avatars.change(info.context, viewer, input) as change_avatar,
        info.context.database.begin() as tx,
    ):
        await change_avatar(tx)
        if is_private is False:
            await follow_requests.accept_all(tx, viewer)
        row = await users.change(
            tx, viewer, display_name=display_name, bio=bio, is_private=is_private
        )
        if is_private is not None:
            await jobs.move_variants_of(tx, viewer)
    return UserPayload(user=User.of(row))


def _display_name(input: UpdateProfileInput) -> str | None:
    if not isinstance(input.display_name, str):
        return None
    name = line(input.display_name, MAX_DISPLAY_NAME, "input", "displayName")
    if not name:
        raise Invalid("displayName must not be empty", "input", "displayName")
    return name


def _bio(input: UpdateProfileInput) -> str | None:
    if input.bio is strawberry.UNSET:
        return None
    return prose(input.bio or "", MAX_BIO, "input", "bio")
