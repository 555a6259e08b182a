"""Batched reads for one operation: what siblings ask for is fetched by one statement."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import cached_property
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
ReadHidden = Callable[[Way, UserId | None, Sequence[Key]], Awaitable[Mapping[Key, int]]]


class Pages(Protocol[Key_contra, Row]):
    """Pages of one size and place, each of what its key stands for."""

    async def many(self, keys: Sequence[Key_contra]) -> list[Page[Row]]:
        """The pages; an empty one where there is nothing."""
        ...


class Loaders:
    """One set for one viewer and one operation, of which it uses few; made when first asked for.

    Nothing is remembered beyond the operation. Functions that are made here for each have quoted
    annotations, which would be evaluated each time.
    """

    def __init__(
        self, database: Database, viewer: UserId | None, wanted: Wanted | None = None
    ) -> None:
        self._database = database
        self._viewer = viewer
        self.along = Along(wanted or Wanted())
        """What reads bring along; the loaders of the same names know it."""
        self._actors: dict[int, Loader[NotificationId, list[UserRow]]] = {}
        self._case_reports: dict[int, Loader[CaseId, list[ReportRow]]] = {}
        self._pages: dict[tuple[object, PageRequest], Loader[Any, Any]] = {}

    @cached_property
    def users(self) -> Loader[UserId, UserRow]:
        return self._hot(lambda way, ids: users.by_ids(way, ids, self._viewer, self.along), "users")

    @cached_property
    def photos(self) -> Loader[PhotoId, PhotoRow]:
        return self._hot(lambda way, ids: photos.by_ids(way, ids, self._viewer, self.along))

    @cached_property
    def variants(self) -> Loader[PhotoId, list[VariantRow]]:
        return self._variants(VariantFormat.WEBP, "variants")

    @cached_property
    def jpegs(self) -> Loader[PhotoId, list[VariantRow]]:
        return self._variants(VariantFormat.JPEG)

    @cached_property
    def originals(self) -> Loader[PhotoId, OriginalRow]:
        return self._of(photos.originals)

    @cached_property
    def shots(self) -> Loader[PhotoId, ShotRow]:
        return self._of(lambda connection, ids: shots.shown(connection, ids, self._viewer))

    @cached_property
    def avatars(self) -> Loader[UserId, AvatarRow]:
        return self._of(avatars.latest)

    @cached_property
    def follow_states(self) -> Loader[UserId, FollowState]:
        return self._hot(self._states, "follow_states")

    @cached_property
    def follows_viewer(self) -> Loader[UserId, bool]:
        return self._of(self._following, "follows_viewer")

    @cached_property
    def uploads(self) -> Loader[UploadId, UploadRow]:
        return self._of(self._uploads)

    @cached_property
    def comments(self) -> Loader[CommentId, CommentRow]:
        return self._of(lambda connection, ids: comments.by_ids(connection, ids, self._viewer))

    @cached_property
    def notifications(self) -> Loader[NotificationId, NotificationRow]:
        return self._of(self._notifications)

    @cached_property
    def actor_counts(self) -> Loader[NotificationId, int]:
        return self._hot(inbox.count_actors)

    @cached_property
    def judged_photos(self) -> Loader[PhotoId, PhotoRow]:
        return self._judged(reports.judged_photos)

    @cached_property
    def judged_comments(self) -> Loader[CommentId, CommentRow]:
        return self._judged(reports.judged_comments)

    @cached_property
    def judged_users(self) -> Loader[UserId, UserRow]:
        return self._judged(reports.judged_users)

    @cached_property
    def held_variants(self) -> Loader[PhotoId, list[VariantRow]]:
        return self._of(moderation.made_for)

    @cached_property
    def report_counts(self) -> Loader[CaseId, int]:
        return self._of(reports.counts)

    @cached_property
    def liked(self) -> Loader[PhotoId, bool]:
        return self._hot(self._liked, "liked")

    @cached_property
    def hidden_followers(self) -> Hidden[UserId]:
        return self._hidden(follows.hidden_followers)

    @cached_property
    def hidden_following(self) -> Hidden[UserId]:
        return self._hidden(follows.hidden_following)

    @cached_property
    def hidden_likes(self) -> Hidden[PhotoId]:
        return self._hidden(likes.hidden)

    @cached_property
    def hidden_comments(self) -> Hidden[PhotoId]:
        return self._hidden(comments.hidden)

    @cached_property
    def hidden_replies(self) -> Hidden[CommentId]:
        return self._hidden(comments.hidden_replies)

    @cached_property
    def _hiding(self) -> Loader[None, bool]:
        return self._hot(self._hides, "hiding")

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
        batched = self._hot(lambda way, ids: read(way, self._viewer, ids))

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
