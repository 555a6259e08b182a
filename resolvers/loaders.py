"""Batched reads for one operation: what siblings ask for is fetched by one statement."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, TypeVar, cast

from sqlalchemy.ext.asyncio import AsyncConnection
from strawberry.dataloader import DataLoader

from storage import (
    avatars,
    blocks,
    comments,
    follows,
    inbox,
    likes,
    photos,
    uploads,
    users,
    variants,
)
from storage.database import Database
from storage.rows import (
    AvatarRow,
    CommentId,
    CommentRow,
    FollowState,
    NotificationId,
    NotificationRow,
    OriginalRow,
    Page,
    PageRequest,
    PhotoId,
    PhotoRow,
    UploadId,
    UploadRow,
    UserId,
    UserRow,
    VariantRow,
)

Row = TypeVar("Row")
Key = TypeVar("Key")
Value = TypeVar("Value")
Read = Callable[[AsyncConnection, Sequence[Key]], Awaitable[Mapping[Key, Value]]]
Pages = DataLoader[Key, Page[Row]]
ReadPages = Callable[
    [AsyncConnection, Sequence[Key], PageRequest, UserId | None],
    Awaitable[Mapping[Key, Page[Row]]],
]
Hidden = Callable[[Key], Awaitable[int]]
ReadHidden = Callable[[AsyncConnection, UserId, Sequence[Key]], Awaitable[Mapping[Key, int]]]


class Loaders:
    """One set for one viewer and one operation; nothing is remembered beyond it."""

    def __init__(self, database: Database, viewer: UserId | None) -> None:
        self._database = database
        self._viewer = viewer
        self.users: DataLoader[UserId, UserRow | None] = self._of(
            lambda connection, ids: users.by_ids(connection, ids, viewer)
        )
        self.photos: DataLoader[PhotoId, PhotoRow | None] = self._of(
            lambda connection, ids: photos.by_ids(connection, ids, viewer)
        )
        self.variants: DataLoader[PhotoId, list[VariantRow] | None] = self._of(variants.of_photos)
        self.originals: DataLoader[PhotoId, OriginalRow | None] = self._of(photos.originals)
        self.avatars: DataLoader[UserId, AvatarRow | None] = self._of(avatars.latest)
        self.follow_states: DataLoader[UserId, FollowState | None] = self._of(self._states)
        self.follows_viewer: DataLoader[UserId, bool | None] = self._of(self._following)
        self.uploads: DataLoader[UploadId, UploadRow | None] = self._of(self._uploads)
        self.comments: DataLoader[CommentId, CommentRow | None] = self._of(
            lambda connection, ids: comments.by_ids(connection, ids, viewer)
        )
        self.notifications: DataLoader[NotificationId, NotificationRow | None] = self._of(
            self._notifications
        )
        self.actor_counts: DataLoader[NotificationId, int | None] = self._of(inbox.count_actors)
        self._actors: dict[int, DataLoader[NotificationId, list[UserRow] | None]] = {}
        self.liked: DataLoader[PhotoId, bool | None] = self._of(self._liked)
        self.hidden_followers: Hidden[UserId] = self._hidden(follows.hidden_followers)
        self.hidden_following: Hidden[UserId] = self._hidden(follows.hidden_following)
        self.hidden_likes: Hidden[PhotoId] = self._hidden(likes.hidden)
        self.hidden_comments: Hidden[PhotoId] = self._hidden(comments.hidden)
        self.hidden_replies: Hidden[CommentId] = self._hidden(comments.hidden_replies)
        self._blocks: DataLoader[UserId, bool | None] = self._of(blocks.concerned)
        self._pages: dict[tuple[object, PageRequest], DataLoader[Any, Any]] = {}

    def photo_pages(self, request: PageRequest) -> Pages[UserId, PhotoRow]:
        """Pages of users' photos, all of one size and place."""
        return self._paged(photos.by_owners, request)

    def follower_pages(self, request: PageRequest) -> Pages[UserId, UserRow]:
        """Pages of users' followers, all of one size and place."""
        return self._paged(follows.followers, request)

    def following_pages(self, request: PageRequest) -> Pages[UserId, UserRow]:
        """Pages of those whom users follow, all of one size and place."""
        return self._paged(follows.following, request)

    def liker_pages(self, request: PageRequest) -> Pages[PhotoId, UserRow]:
        """Pages of those who like photos, all of one size and place."""
        return self._paged(likes.likers, request)

    def comment_pages(self, request: PageRequest) -> Pages[PhotoId, CommentRow]:
        """Pages of photos' threads, all of one size and place."""
        return self._paged(comments.of_photos, request)

    def reply_pages(self, request: PageRequest) -> Pages[CommentId, CommentRow]:
        """Pages of comments' direct replies, all of one size and place."""
        return self._paged(comments.replies, request)

    def actors(self, first: int) -> DataLoader[NotificationId, list[UserRow] | None]:
        """The latest people notifications are of, as many of each."""
        if first not in self._actors:
            self._actors[first] = self._of(
                lambda connection, ids: inbox.actors_of(connection, ids, first)
            )
        return self._actors[first]

    def _paged(self, read: ReadPages[Key, Row], request: PageRequest) -> Pages[Key, Row]:
        known = self._pages.get((read, request))
        if known is None:
            known = self._of(lambda connection, ids: read(connection, ids, request, self._viewer))
            self._pages[read, request] = known
        return cast("Pages[Key, Row]", known)

    async def _uploads(
        self, connection: AsyncConnection, ids: Sequence[UploadId]
    ) -> dict[UploadId, UploadRow]:
        if self._viewer is None:
            return {}
        return await uploads.by_ids(connection, ids, self._viewer)

    async def _notifications(
        self, connection: AsyncConnection, ids: Sequence[NotificationId]
    ) -> dict[NotificationId, NotificationRow]:
        if self._viewer is None:
            return {}
        return await inbox.by_ids(connection, ids, self._viewer)

    async def _states(
        self, connection: AsyncConnection, ids: Sequence[UserId]
    ) -> dict[UserId, FollowState]:
        if self._viewer is None:
            return {}
        return await follows.states(connection, self._viewer, ids)

    async def _following(
        self, connection: AsyncConnection, ids: Sequence[UserId]
    ) -> dict[UserId, bool]:
        if self._viewer is None:
            return {}
        return dict.fromkeys(await follows.following_viewer(connection, self._viewer, ids), True)

    async def _liked(
        self, connection: AsyncConnection, ids: Sequence[PhotoId]
    ) -> dict[PhotoId, bool]:
        if self._viewer is None:
            return {}
        return dict.fromkeys(await likes.liked_by(connection, self._viewer, ids), True)

    def _hidden(self, read: ReadHidden[Key]) -> Hidden[Key]:
        """How much blocks hide from the viewer; without blocks nothing more is asked."""

        async def counted(connection: AsyncConnection, ids: Sequence[Key]) -> Mapping[Key, int]:
            return await read(connection, viewer, ids) if viewer else {}

        viewer = self._viewer
        batched = self._of(counted)

        async def hidden(id: Key) -> int:
            if viewer is None or not await self._blocks.load(viewer):
                return 0
            return await batched.load(id) or 0

        return hidden

    def _of(self, read: Read[Key, Value]) -> DataLoader[Key, Value | None]:
        async def load(keys: list[Key]) -> list[Value | None]:
            async with self._database.connect() as connection:
                found = await read(connection, keys)
            return [found.get(key) for key in keys]

        return DataLoader(load_fn=load)
