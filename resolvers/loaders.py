"""Batched reads for one operation: what siblings ask for is fetched by one statement."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Protocol, TypeVar, cast

from sqlalchemy.ext.asyncio import AsyncConnection

from resolvers.batches import Loader
from storage import (
    avatars,
    comments,
    follows,
    inbox,
    likes,
    moderation,
    photos,
    reports,
    shots,
    uploads,
    users,
    variants,
)
from storage.along import Along, Wanted
from storage.cases import CaseId, ReportRow
from storage.database import Database, Way
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
from storage.shots import ShotRow
from storage.variants import VariantFormat
from storage.visibility import hides_anybody

Row = TypeVar("Row")
Key = TypeVar("Key")
Value = TypeVar("Value")
Key_contra = TypeVar("Key_contra", contravariant=True)
Read = Callable[[AsyncConnection, Sequence[Key]], Awaitable[Mapping[Key, Value]]]
ReadPages = Callable[
    [AsyncConnection, Sequence[Key], PageRequest, UserId | None],
    Awaitable[Mapping[Key, Page[Row]]],
]
ReadJudged = Callable[[AsyncConnection, Sequence[Key], UserId], Awaitable[Mapping[Key, Value]]]
ReadHotPages = Callable[
    [Way, Sequence[Key], PageRequest, UserId | None, Along], Awaitable[Mapping[Key, Page[Row]]]
]
HotRead = Callable[[Way, Sequence[Key]], Awaitable[Mapping[Key, Value]]]
Hidden = Callable[[Sequence[Key]], Awaitable[list[int]]]
ReadHidden = Callable[[AsyncConnection, UserId | None, Sequence[Key]], Awaitable[Mapping[Key, int]]]


class Pages(Protocol[Key_contra, Row]):
    """Pages of one size and place, each of what its key stands for."""

    async def load(self, key: Key_contra) -> Page[Row]:
        """The page; an empty one where there is nothing."""
        ...


class Loaders:
    """One set for one viewer and one operation; nothing is remembered beyond it.

    Functions that are made here for each operation have quoted annotations, which would be
    evaluated each time.
    """

    def __init__(
        self, database: Database, viewer: UserId | None, wanted: Wanted | None = None
    ) -> None:
        self._database = database
        self._viewer = viewer
        self.along = Along(wanted or Wanted())
        """What reads bring along; the loaders of the same names know it."""
        self.users: Loader[UserId, UserRow] = self._hot(
            lambda way, ids: users.by_ids(way, ids, viewer, self.along), "users"
        )
        self.photos: Loader[PhotoId, PhotoRow] = self._hot(
            lambda way, ids: photos.by_ids(way, ids, viewer, self.along)
        )
        self.variants: Loader[PhotoId, list[VariantRow]] = self._variants(
            VariantFormat.WEBP, "variants"
        )
        self.jpegs: Loader[PhotoId, list[VariantRow]] = self._variants(VariantFormat.JPEG)
        self.originals: Loader[PhotoId, OriginalRow] = self._of(photos.originals)
        self.shots: Loader[PhotoId, ShotRow] = self._of(
            lambda connection, ids: shots.shown(connection, ids, viewer)
        )
        self.avatars: Loader[UserId, AvatarRow] = self._of(avatars.latest)
        self.follow_states: Loader[UserId, FollowState] = self._hot(self._states, "follow_states")
        self.follows_viewer: Loader[UserId, bool] = self._of(self._following, "follows_viewer")
        self.uploads: Loader[UploadId, UploadRow] = self._of(self._uploads)
        self.comments: Loader[CommentId, CommentRow] = self._of(
            lambda connection, ids: comments.by_ids(connection, ids, viewer)
        )
        self.notifications: Loader[NotificationId, NotificationRow] = self._of(self._notifications)
        self.actor_counts: Loader[NotificationId, int] = self._hot(inbox.count_actors)
        self._actors: dict[int, Loader[NotificationId, list[UserRow]]] = {}
        self.judged_photos: Loader[PhotoId, PhotoRow] = self._judged(reports.judged_photos)
        self.judged_comments: Loader[CommentId, CommentRow] = self._judged(reports.judged_comments)
        self.judged_users: Loader[UserId, UserRow] = self._judged(reports.judged_users)
        self.held_variants: Loader[PhotoId, list[VariantRow]] = self._of(moderation.made_for)
        self.report_counts: Loader[CaseId, int] = self._of(reports.counts)
        self._case_reports: dict[int, Loader[CaseId, list[ReportRow]]] = {}
        self.liked: Loader[PhotoId, bool] = self._hot(self._liked, "liked")
        self.hidden_followers: Hidden[UserId] = self._hidden(follows.hidden_followers)
        self.hidden_following: Hidden[UserId] = self._hidden(follows.hidden_following)
        self.hidden_likes: Hidden[PhotoId] = self._hidden(likes.hidden)
        self.hidden_comments: Hidden[PhotoId] = self._hidden(comments.hidden)
        self.hidden_replies: Hidden[CommentId] = self._hidden(comments.hidden_replies)
        self._hiding: Loader[None, bool] = self._hot(self._hides, "hiding")
        self._pages: dict[tuple[object, PageRequest], Loader[Any, Any]] = {}

    def end(self) -> None:
        """Let go of everything; whoever asked has an answer.

        They refer to each other, so all that they read would wait for the collector.
        """
        vars(self).clear()

    def _variants(
        self, kind: VariantFormat, known_as: str | None = None
    ) -> Loader[PhotoId, list[VariantRow]]:
        return self._hot(lambda way, ids: variants.of_photos(way, ids, kind), known_as)

    def photo_pages(self, request: PageRequest) -> Pages[UserId, PhotoRow]:
        """Pages of users' photos, all of one size and place."""
        return self._paged_hot(photos.by_owners, request)

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
        return self._paged_hot(comments.of_photos, request)

    def reply_pages(self, request: PageRequest) -> Pages[CommentId, CommentRow]:
        """Pages of comments' direct replies, all of one size and place."""
        return self._paged(comments.replies, request)

    def actors(self, first: int) -> Loader[NotificationId, list[UserRow]]:
        """The latest people notifications are of, as many of each."""
        if first not in self._actors:
            self._actors[first] = self._of(
                lambda connection, ids: inbox.actors_of(connection, ids, first)
            )
        return self._actors[first]

    def case_reports(self, first: int) -> Loader[CaseId, list[ReportRow]]:
        """The latest reports of cases, as many of each."""
        if first not in self._case_reports:
            self._case_reports[first] = self._of(
                lambda connection, ids: reports.latest(connection, ids, first)
            )
        return self._case_reports[first]

    def _judged(self, read: ReadJudged[Key, Value]) -> Loader[Key, Value]:
        async def of_viewer(
            connection: AsyncConnection, ids: "Sequence[Key]"
        ) -> "Mapping[Key, Value]":
            return await read(connection, ids, self._viewer) if self._viewer else {}

        return self._of(of_viewer)

    def _paged(self, read: ReadPages[Key, Row], request: PageRequest) -> Pages[Key, Row]:
        return self._kept(
            (read, request),
            lambda: self._of(lambda connection, ids: read(connection, ids, request, self._viewer)),
        )

    def _paged_hot(self, read: ReadHotPages[Key, Row], request: PageRequest) -> Pages[Key, Row]:
        return self._kept(
            (read, request),
            lambda: self._hot(lambda way, ids: read(way, ids, request, self._viewer, self.along)),
        )

    def _kept(
        self, asked: tuple[object, PageRequest], make: Callable[[], Loader[Key, Page[Row]]]
    ) -> Pages[Key, Row]:
        known = self._pages.get(asked)
        if known is None:
            known = self._pages[asked] = make()
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

    async def _states(self, way: Way, ids: Sequence[UserId]) -> dict[UserId, FollowState]:
        if self._viewer is None:
            return {}
        return await follows.states(way, self._viewer, ids)

    async def _following(
        self, connection: AsyncConnection, ids: Sequence[UserId]
    ) -> dict[UserId, bool]:
        if self._viewer is None:
            return {}
        return dict.fromkeys(await follows.following_viewer(connection, self._viewer, ids), True)

    async def _liked(self, way: Way, ids: Sequence[PhotoId]) -> dict[PhotoId, bool]:
        if self._viewer is None:
            return {}
        return dict.fromkeys(await likes.liked_by(way, self._viewer, ids), True)

    def _hidden(self, read: ReadHidden[Key]) -> Hidden[Key]:
        """How much is hidden from the viewer; where nobody is, nothing more is asked."""
        batched = self._of(lambda connection, ids: read(connection, self._viewer, ids))

        async def hidden(ids: "Sequence[Key]") -> "list[int]":
            if not any(await self._hiding.many([None])):
                return [0] * len(ids)
            return [less or 0 for less in await batched.many(ids)]

        return hidden

    async def _hides(self, way: Way, _: Sequence[None]) -> dict[None, bool]:
        return {None: await hides_anybody(way, self._viewer)}

    def _of(self, read: Read[Key, Value], known_as: str | None = None) -> Loader[Key, Value]:
        async def find(keys: "Sequence[Key]") -> "Mapping[Key, Value]":
            async with self._database.connect() as connection:
                return await read(connection, keys)

        return Loader(find, self._known(known_as))

    def _hot(self, read: HotRead[Key, Value], known_as: str | None = None) -> Loader[Key, Value]:
        async def find(keys: "Sequence[Key]") -> "Mapping[Key, Value]":
            async with self._database.reading() as way:
                return await read(way, keys)

        return Loader(find, self._known(known_as))

    def _known(self, known_as: str | None) -> dict[Any, Any] | None:
        return self.along.known[known_as] if known_as else None
