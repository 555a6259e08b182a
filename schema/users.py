"""People as clients see them."""

from datetime import UTC, datetime
from typing import Final, Self
from uuid import UUID

import strawberry

from schema.errors import UserError
from schema.nodes import Node, global_id
from schema.pages import Listed, PageInfo, Scored, connected, in_list
from schema.views import view
from storage.rows import Page, UserId, UserRow


class _Nobody(UserRow):
    """Somebody to whom nothing belongs; whatever may come along with a user, nothing did."""

    follow_states = follows_viewer = hidden_followers = hidden_following = photo_pages = None


# Stands for everyone whose account is deleted: nobody can take the name, nothing has the id.
DELETED: Final = _Nobody(
    id=UserId(UUID(int=0)),
    username="[deleted]",
    display_name="Deleted account",
    bio="",
    is_private=True,
    created_at=datetime.fromtimestamp(0, UTC),
    public_photo_count=0,
    followers_photo_count=0,
    own_photo_count=0,
    follower_count=0,
    following_count=0,
    avatar_token=None,
    avatar_size=None,
)


@view(id=lambda user: global_id("user", user.row.id))
@strawberry.type(description="Someone with an account.")
class User(Node):
    username: str = strawberry.field(
        description="Unique in any case; what addresses and mentions use."
    )
    display_name: str = strawberry.field(description="The name shown to people.")
    bio: str = strawberry.field(description="A few words of their own; empty when there are none.")
    is_private: bool = strawberry.field(
        description="Whether only followers who were let in see the photos."
    )
    created_at: datetime = strawberry.field(description="When they signed up.")
    row: strawberry.Private[UserRow]

    @property
    def key(self) -> UserId:
        """The id by which rows refer to them."""
        return self.row.id

    @classmethod
    def of(cls, row: UserRow) -> Self:
        made = cls.__new__(cls)
        made.row = row
        return made


@in_list
@strawberry.type(description="A user in a list.")
class UserEdge:
    cursor: str = strawberry.field(description="The user's place in this list.")
    node: User = strawberry.field(description="The user.")


@strawberry.type(description="A page of users.")
class UserConnection:
    edges: list[UserEdge] = strawberry.field(description="The users of this page, in order.")
    page_info: PageInfo = strawberry.field(description="Where the page lies in the list.")

    @classmethod
    def of(cls, page: Page[UserRow], listed: Listed | Scored = "users") -> Self:
        edges, page_info = connected(page, listed, UserEdge, User.of)
        return cls(edges=edges, page_info=page_info)


@strawberry.input(description="What to change in one's profile. A field left out stays as it is.")
class UpdateProfileInput:
    display_name: str | None = strawberry.field(
        default=strawberry.UNSET, description="1 to 50 characters; null leaves it as it is."
    )
    bio: str | None = strawberry.field(
        default=strawberry.UNSET, description="Up to 500 characters; null empties it."
    )
    is_private: bool | None = strawberry.field(
        default=strawberry.UNSET,
        description="Whether only accepted followers see the photos. Becoming public accepts "
        "everyone who waits; null leaves it as it is.",
    )
    avatar_upload_id: strawberry.ID | None = strawberry.field(
        default=strawberry.UNSET,
        description="An upload of yours that has arrived, to become the avatar: its middle, as a "
        "square. The avatar of before stays until it is ready; null removes it.",
    )


@strawberry.type(description="A user, or what stood in the way.")
class UserPayload:
    user: User | None = strawberry.field(
        default=None, description="The user as they are now; null when the change was refused."
    )
    errors: list[UserError] = strawberry.field(
        default_factory=list, description="Why it was refused; empty when it was not."
    )
