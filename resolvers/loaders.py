"""Batched reads for one operation: what siblings ask for is fetched by one statement."""

from collections.abc import Mapping, Sequence

from sqlalchemy.ext.asyncio import AsyncConnection

from resolvers.batches import Loader
from resolvers.loading import HiddenCounts, Loading, Pages, hot, once
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
from storage.along import Along
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


class Loaders(Loading):
    """One set for one viewer and one operation, of which it uses few; made when first asked for.

    Nothing is remembered beyond the operation.
    """

    def __init__(
        self, database: Database, viewer: UserId | None, along: Along | None = None
    ) -> None:
        super().__init__(database, viewer, along)
        self._actors: dict[int, Loader[NotificationId, list[UserRow]]] = {}
        self._case_reports: dict[int, Loader[CaseId, list[ReportRow]]] = {}

    @hot
    async def users(self, way: Way, ids: Sequence[UserId]) -> Mapping[UserId, UserRow]:
        return await users.by_ids(way, ids, self.viewer, self.along)

    @hot
    async def photos(self, way: Way, ids: Sequence[PhotoId]) -> Mapping[PhotoId, PhotoRow]:
        return await photos.by_ids(way, ids, self.viewer, self.along)

    @hot
    async def variants(
        self, way: Way, ids: Sequence[PhotoId]
    ) -> Mapping[PhotoId, list[VariantRow]]:
        return await variants.of_photos(way, ids, VariantFormat.WEBP)

    @hot
    async def jpegs(self, way: Way, ids: Sequence[PhotoId]) -> Mapping[PhotoId, list[VariantRow]]:
        return await variants.of_photos(way, ids, VariantFormat.JPEG)

    @once
    def originals(self) -> Loader[PhotoId, OriginalRow]:
        return self._of(photos.originals)

    @once
    def shots(self) -> Loader[PhotoId, ShotRow]:
        return self._of(lambda connection, ids: shots.shown(connection, ids, self.viewer))

    @hot
    async def avatars(self, way: Way, ids: Sequence[UserId]) -> Mapping[UserId, AvatarRow]:
        return await avatars.latest(way, ids)

    @hot
    async def follow_states(self, way: Way, ids: Sequence[UserId]) -> Mapping[UserId, FollowState]:
        return await follows.states(way, self.viewer, ids) if self.viewer else {}

    @hot
    async def follows_viewer(self, way: Way, ids: Sequence[UserId]) -> Mapping[UserId, bool]:
        if self.viewer is None:
            return {}
        return dict.fromkeys(await follows.following_viewer(way, self.viewer, ids), True)

    @once
    def uploads(self) -> Loader[UploadId, UploadRow]:
        return self._of(self._uploads)

    @hot
    async def comments(self, way: Way, ids: Sequence[CommentId]) -> Mapping[CommentId, CommentRow]:
        return await comments.by_ids(way, ids, self.viewer)

    @hot
    async def notifications(
        self, way: Way, ids: Sequence[NotificationId]
    ) -> Mapping[NotificationId, NotificationRow]:
        return await inbox.by_ids(way, ids, self.viewer) if self.viewer else {}

    @hot
    async def actor_counts(
        self, way: Way, ids: Sequence[NotificationId]
    ) -> Mapping[NotificationId, int]:
        return await inbox.count_actors(way, ids)

    @once
    def judged_photos(self) -> Loader[PhotoId, PhotoRow]:
        return self._judged(reports.judged_photos)

    @once
    def judged_comments(self) -> Loader[CommentId, CommentRow]:
        return self._judged(reports.judged_comments)

    @once
    def judged_users(self) -> Loader[UserId, UserRow]:
        return self._judged(reports.judged_users)

    @once
    def held_variants(self) -> Loader[PhotoId, list[VariantRow]]:
        return self._of(moderation.made_for)

    @once
    def report_counts(self) -> Loader[CaseId, int]:
        return self._of(reports.counts)

    @hot
    async def liked(self, way: Way, ids: Sequence[PhotoId]) -> Mapping[PhotoId, bool]:
        if self.viewer is None:
            return {}
        return dict.fromkeys(await likes.liked_by(way, self.viewer, ids), True)

    @once
    def hidden_followers(self) -> HiddenCounts[UserId]:
        return HiddenCounts(self, follows.HIDDEN_FOLLOWERS)

    @once
    def hidden_following(self) -> HiddenCounts[UserId]:
        return HiddenCounts(self, follows.HIDDEN_FOLLOWING)

    @once
    def hidden_likes(self) -> HiddenCounts[PhotoId]:
        return HiddenCounts(self, likes.HIDDEN)

    @once
    def hidden_comments(self) -> HiddenCounts[PhotoId]:
        return HiddenCounts(self, comments.HIDDEN)

    @once
    def hidden_replies(self) -> HiddenCounts[CommentId]:
        return HiddenCounts(self, comments.HIDDEN_REPLIES)

    def photo_pages(self, request: PageRequest) -> Pages[UserId, PhotoRow]:
        """Pages of users' photos, all of one size and place."""
        return self._paged_along(photos.by_owners, request)

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
        return self._paged_along(comments.of_photos, request)

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

    async def _uploads(
        self, connection: AsyncConnection, ids: Sequence[UploadId]
    ) -> dict[UploadId, UploadRow]:
        if self.viewer is None:
            return {}
        return await uploads.by_ids(connection, ids, self.viewer)
