"""Batched reads for one operation: what siblings ask for is fetched by one statement."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, TypeVar, cast

from sqlalchemy.ext.asyncio import AsyncConnection
from strawberry.dataloader import DataLoader

from storage import follows, photos, uploads, users, variants
from storage.database import Database
from storage.rows import (
    FollowState,
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
Pages = DataLoader[UserId, Page[Row]]
ReadPages = Callable[
    [AsyncConnection, Sequence[UserId], PageRequest, UserId | None],
    Awaitable[Mapping[UserId, Page[Row]]],
]


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
        self.follow_states: DataLoader[UserId, FollowState | None] = self._of(self._states)
        self.follows_viewer: DataLoader[UserId, bool | None] = self._of(self._following)
        self.uploads: DataLoader[UploadId, UploadRow | None] = self._of(self._uploads)
        self._pages: dict[tuple[object, PageRequest], DataLoader[UserId, Any]] = {}

    def photo_pages(self, request: PageRequest) -> Pages[PhotoRow]:
        """Pages of users' photos, all of one size and place."""
        return self._paged(photos.by_owners, request)

    def follower_pages(self, request: PageRequest) -> Pages[UserRow]:
        """Pages of users' followers, all of one size and place."""
        return self._paged(follows.followers, request)

    def following_pages(self, request: PageRequest) -> Pages[UserRow]:
        """Pages of those whom users follow, all of one size and place."""
        return self._paged(follows.following, request)

    def _paged(self, read: ReadPages[Row], request: PageRequest) -> Pages[Row]:
        known = self._pages.get((read, request))
        if known is None:
            known = self._of(lambda connection, ids: read(connection, ids, request, self._viewer))
            self._pages[read, request] = known
        return cast("Pages[Row]", known)

    async def _uploads(
        self, connection: AsyncConnection, ids: Sequence[UploadId]
    ) -> dict[UploadId, UploadRow]:
        if self._viewer is None:
            return {}
        return await uploads.by_ids(connection, ids, self._viewer)

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

    def _of(self, read: Read[Key, Value]) -> DataLoader[Key, Value | None]:
        async def load(keys: list[Key]) -> list[Value | None]:
            async with self._database.connect() as connection:
                found = await read(connection, keys)
            return [found.get(key) for key in keys]

        return DataLoader(load_fn=load)
