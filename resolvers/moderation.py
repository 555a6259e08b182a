"""What moderators see and decide; for everybody else there is nothing of it."""

from typing import Annotated, Final

import strawberry

from resolvers.context import Info
from resolvers.extend import costs
from resolvers.ids import as_case_id, as_photo_id, as_user_id
from resolvers.paging import After, First, requested
from resolvers.texts import prose
from schema.comments import Comment
from schema.emails import Account
from schema.moderation import (
    ModeratePhotoInput,
    ModerationCase,
    ModerationCaseConnection,
    ModerationCasePayload,
    ModerationEntry,
    ModerationLogConnection,
    ResolveReportsInput,
    SuspensionInput,
)
from schema.photos import Photo, PhotoPayload, Variant
from schema.reports import Report
from schema.users import DELETED, User, UserPayload
from storage import decisions, judging, reports, roles, suspensions
from storage.cases import CaseKind, Decider, Judge
from storage.pages import page
from storage.rows import UserId
from storage.variants import VariantFormat

MAX_REASON: Final = 500
REPORTS: Final = 10

OfKind = Annotated[
    CaseKind | None, strawberry.argument(description="Only those about that; null means all.")
]
FirstReports = Annotated[
    int | None, strawberry.argument(description="How many at most, 1 to 100; null means 10.")
]


async def is_moderator(account: strawberry.Parent[Account], info: Info) -> bool:
    """Whether you judge what others share, see `moderationQueue`."""
    del account
    viewer = info.context.signed_in().user_id
    async with info.context.database.connect() as connection:
        return await roles.is_moderator(connection, viewer)


@costs(3)
async def queue(
    info: Info, first: First = 20, after: After = None, kind: OfKind = None
) -> ModerationCaseConnection:
    """The open cases, those first that have waited longest; none unless you are a moderator."""
    viewer = info.context.signed_in().user_id
    request = requested("judged", first, after)
    async with info.context.database.connect() as connection:
        if not await roles.is_moderator(connection, viewer):
            return ModerationCaseConnection.of(page(request, [], []))
        return ModerationCaseConnection.of(await reports.queue(connection, kind, request))


@costs(3)
async def log(info: Info, first: First = 20, after: After = None) -> ModerationLogConnection:
    """Every decision, the latest first; none unless you are a moderator."""
    viewer = info.context.signed_in().user_id
    request = requested("entries", first, after)
    async with info.context.database.connect() as connection:
        if not await roles.is_moderator(connection, viewer):
            return ModerationLogConnection.of(page(request, [], []))
        return ModerationLogConnection.of(await decisions.newest(connection, request))


async def moderate_photo(info: Info, input: ModeratePhotoInput) -> PhotoPayload:
    """Let a held photo go live, reject it, or take down one that is live. For moderators.

    The first verdict on a held photo counts. The same verdict again changes nothing.
    """
    viewer = info.context.signed_in().user_id
    reason = prose(input.reason, MAX_REASON, "input", "reason")
    async with info.context.database.begin() as tx:
        await roles.require(tx, viewer)
        id = as_photo_id(input.id, "input", "id")
        row = await judging.judge_photo(tx, id, input.verdict, _decider(viewer), reason)
    return PhotoPayload(photo=Photo.of(row))


async def resolve_reports(info: Info, input: ResolveReportsInput) -> ModerationCasePayload:
    """End a case for all who reported. For moderators. The same again changes nothing."""
    viewer = info.context.signed_in().user_id
    note = prose(input.note, MAX_REASON, "input", "note")
    async with info.context.database.begin() as tx:
        await roles.require(tx, viewer)
        id = as_case_id(input.case_id, "input", "caseId")
        row = await judging.resolve(tx, id, input.outcome, _decider(viewer), note)
    return ModerationCasePayload(case=ModerationCase.of(row))


async def suspend_user(info: Info, input: SuspensionInput) -> UserPayload:
    """Keep a user out: every session ends within a second, and logging in is refused.

    What they shared stays until it is taken down. For moderators; again changes nothing.
    """
    viewer = info.context.signed_in().user_id
    reason = prose(input.reason, MAX_REASON, "input", "reason")
    id = as_user_id(input.id, "input", "id")
    async with info.context.database.begin() as tx:
        await roles.require(tx, viewer)
        row = await suspensions.suspend(tx, id, _decider(viewer), reason, "input", "id")
    return UserPayload(user=User.of(row))


async def reinstate_user(info: Info, input: SuspensionInput) -> UserPayload:
    """Let a suspended user come in again. For moderators; again changes nothing."""
    viewer = info.context.signed_in().user_id
    reason = prose(input.reason, MAX_REASON, "input", "reason")
    id = as_user_id(input.id, "input", "id")
    async with info.context.database.begin() as tx:
        await roles.require(tx, viewer)
        row = await suspensions.reinstate(tx, id, _decider(viewer), reason, "input", "id")
    return UserPayload(user=User.of(row))


@costs(3)
async def photo(case: strawberry.Parent[ModerationCase], info: Info) -> Photo | None:
    """The photo it is about, or that the comment is under, whoever it is for; null once closed."""
    id = case.row.photo_id
    if case.row.comment_id is not None:
        comment = await info.context.loaders.judged_comments.load(case.row.comment_id)
        id = comment.photo_id if comment else None
    row = await info.context.loaders.judged_photos.load(id) if id else None
    return Photo.of(row) if row else None


async def comment(case: strawberry.Parent[ModerationCase], info: Info) -> Comment | None:
    """The comment it is about; null once closed."""
    id = case.row.comment_id
    row = await info.context.loaders.judged_comments.load(id) if id else None
    return Comment.of(row) if row else None


async def user(case: strawberry.Parent[ModerationCase], info: Info) -> User | None:
    """The user it is about; null once closed."""
    id = case.row.user_id
    row = await info.context.loaders.judged_users.load(id) if id else None
    return User.of(row) if row else None


@costs(6)
async def variants(case: strawberry.Parent[ModerationCase], info: Info) -> list[Variant]:
    """The sizes of the photo, also of a held one; empty when the case is about none, or closed."""
    id = case.row.photo_id
    if id is None or await info.context.loaders.judged_photos.load(id) is None:
        return []
    is_held = case.kind is CaseKind.HELD_PHOTO
    loader = info.context.loaders.held_variants if is_held else info.context.loaders.variants
    media = info.context.parts.media
    rows = await loader.load(id) or []
    shown = [row for row in rows if row.content_type == VariantFormat.WEBP]
    return [Variant.of(row, media.of) for row in shown]


async def report_count(case: strawberry.Parent[ModerationCase], info: Info) -> int:
    """How many people reported it."""
    return await info.context.loaders.report_counts.load(case.row.id) or 0


async def case_reports(
    case: strawberry.Parent[ModerationCase], info: Info, first: FirstReports = REPORTS
) -> list[Report]:
    """What people say about it, the latest first."""
    count = requested("users", REPORTS if first is None else first, None).first
    rows = await info.context.loaders.case_reports(count).load(case.row.id)
    return [Report.of(row) for row in rows or []]


async def reporter(report: strawberry.Parent[Report], info: Info) -> User:
    """Who reported it; the stand-in `[deleted]` if you may not know of them."""
    return User.of(await info.context.loaders.users.load(report.row.reporter_id) or DELETED)


async def moderator(entry: strawberry.Parent[ModerationEntry], info: Info) -> User | None:
    """The moderator who decided; null when it was none, or their account is gone."""
    id = entry.row.decider_id
    row = await info.context.loaders.users.load(id) if id else None
    return User.of(row) if row else None


def _decider(viewer: UserId) -> Decider:
    return Decider(Judge.MODERATOR, viewer)
