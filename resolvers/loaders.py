"""Batched reads for one operation: what siblings ask for is fetched by one statement."""

from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncConnection

from resolvers.batches import Loader
from resolvers.loading import Hidden, Loading, Pages, once
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

    @once
    def users(self) -> Loader[UserId, UserRow]:
        return self._hot(lambda way, ids: users.by_ids(way, ids, self._viewer, self.along), "users")

    @once
    def photos(self) -> Loader[PhotoId, PhotoRow]:
        return self._hot(lambda way, ids: photos.by_ids(way, ids, self._viewer, self.along))

    @once
    def variants(self) -> Loader[PhotoId, list[VariantRow]]:
        return self._variants(VariantFormat.WEBP, "variants")

    @once
    def jpegs(self) -> Loader[PhotoId, list[VariantRow]]:
        return self._variants(VariantFormat.JPEG)

    @once
    def originals(self) -> Loader[PhotoId, OriginalRow]:
        return self._of(photos.originals)

    @once
    def shots(self) -> Loader[PhotoId, ShotRow]:
        return self._of(lambda connection, ids: shots.shown(connection, ids, self._viewer))

    @once
    def avatars(self) -> Loader[UserId, AvatarRow]:
        return self._hot(avatars.latest)

    @once
    def follow_states(self) -> Loader[UserId, FollowState]:
        return self._hot(self._states, "follow_states")

    @once
    def follows_viewer(self) -> Loader[UserId, bool]:
        return self._hot(self._following, "follows_viewer")

    @once
    def uploads(self) -> Loader[UploadId, UploadRow]:
        return self._of(self._uploads)

    @once
    def comments(self) -> Loader[CommentId, CommentRow]:
        return self._hot(lambda way, ids: comments.by_ids(way, ids, self._viewer))

    @once
    def notifications(self) -> Loader[NotificationId, NotificationRow]:
        return self._hot(self._notifications)

    @once
    def actor_counts(self) -> Loader[NotificationId, int]:
        return self._hot(inbox.count_actors)

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

    @once
    def liked(self) -> Loader[PhotoId, bool]:
        return self._hot(self._liked, "liked")

    @once
    def hidden_followers(self) -> Hidden[UserId]:
        return self._hidden(follows.hidden_followers, "hidden_followers")

    @once
    def hidden_following(self) -> Hidden[UserId]:
        return self._hidden(follows.hidden_following, "hidden_following")

    @once
    def hidden_likes(self) -> Hidden[PhotoId]:
        return self._hidden(likes.hidden, "hidden_likes")

    @once
    def hidden_comments(self) -> Hidden[PhotoId]:
        return self._hidden(comments.hidden, "hidden_comments")

    @once
    def hidden_replies(self) -> Hidden[CommentId]:
        return self._hidden(comments.hidden_replies, "hidden_replies")

    def _variants(
        self, kind: VariantFormat, known_as: str | None = None
    ) -> Loader[PhotoId, list[VariantRow]]:
        return self._hot(lambda way, ids: variants.of_photos(way, ids, kind), known_as)

    def photo_pages(self, request: PageRequest) -> Pages[UserId, PhotoRow]:
        """Pages of users' photos, all of one size and place."""
        return self._paged_along(photos.by_owners, request, "photo_pages")

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
        return self._paged_along(comments.of_photos, request, "comment_pages")

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
        if self._viewer is None:
            return {}
        return await uploads.by_ids(connection, ids, self._viewer)

    async def _notifications(
        self, way: Way, ids: Sequence[NotificationId]
    ) -> dict[NotificationId, NotificationRow]:
        if self._viewer is None:
            return {}
        return await inbox.by_ids(way, ids, self._viewer)

    async def _states(self, way: Way, ids: Sequence[UserId]) -> dict[UserId, FollowState]:
        if self._viewer is None:
            return {}
        return await follows.states(way, self._viewer, ids)

    async def _following(self, way: Way, ids: Sequence[UserId]) -> dict[UserId, bool]:
        if self._viewer is None:
            return {}
        return dict.fromkeys(await follows.following_viewer(way, self._viewer, ids), True)

    async def _liked(self, way: Way, ids: Sequence[PhotoId]) -> dict[PhotoId, bool]:
        if self._viewer is None:
            return {}
        return dict.fromkeys(await likes.liked_by(way, self._viewer, ids), True)
