"""What moderators judge and decide, as they see it."""

from datetime import datetime
from typing import Self

import strawberry

from schema.enums import shown
from schema.errors import UserError
from schema.nodes import Kind, global_id
from schema.pages import PageInfo, connected, in_list
from storage.cases import (
    CaseKind,
    CaseOutcome,
    CaseRow,
    Judge,
    LogAction,
    LogRow,
    SubjectKind,
    Verdict,
)
from storage.rows import Page

KINDS: dict[SubjectKind, Kind] = {
    SubjectKind.PHOTO: "photo",
    SubjectKind.COMMENT: "comment",
    SubjectKind.USER: "user",
}

shown(
    CaseKind,
    "What has to be judged.",
    HELD_PHOTO="A photo that goes live only once somebody lets it.",
    PHOTO="A live photo that was reported.",
    COMMENT="A comment that was reported.",
    USER="A user who was reported.",
)
shown(
    CaseOutcome,
    "How a case ended.",
    DISMISSED="What it was about stays, or went live.",
    REMOVED="What it was about was removed, or never went live.",
    SUSPENDED="The user it was about cannot come in any more.",
)
shown(
    Verdict,
    "Whether a photo may be live.",
    ALLOW="It may.",
    REJECT="It may not: it becomes FAILED with REJECTED_BY_MODERATION, and its variants go.",
)
shown(
    Judge,
    "Who decided.",
    MODERATOR="A moderator.",
    SERVICE="The moderation service.",
    OPERATOR="Whoever runs the server, by a command.",
)
shown(
    LogAction,
    "What was decided.",
    ALLOWED="A photo may be live.",
    REJECTED="A held photo does not go live.",
    TAKEN_DOWN="A live photo was removed from view.",
    COMMENT_REMOVED="A comment was deleted.",
    DISMISSED="What was reported stays.",
    MODERATOR_ADDED="A user became a moderator.",
    MODERATOR_REMOVED="A user is a moderator no longer.",
    SUSPENDED="A user cannot come in any more.",
    REINSTATED="A suspended user can come in again.",
)


@strawberry.type(description="Something that moderators judge, with all reports of it.")
class ModerationCase:
    id: strawberry.ID = strawberry.field(description="To be given to `resolveReports`.")
    kind: CaseKind = strawberry.field(description="What it is about.")
    opened_at: datetime = strawberry.field(description="When it was held, or first reported.")
    closed_at: datetime | None = strawberry.field(description="When it ended; null until then.")
    outcome: CaseOutcome | None = strawberry.field(description="How it ended; null until then.")
    row: strawberry.Private[CaseRow]

    @classmethod
    def of(cls, row: CaseRow) -> Self:
        return cls(
            id=global_id("case", row.id),
            kind=row.kind,
            opened_at=row.opened_at,
            closed_at=row.closed_at,
            outcome=row.outcome,
            row=row,
        )


@in_list
@strawberry.type(description="A case in a list.")
class ModerationCaseEdge:
    cursor: str = strawberry.field(description="The case's place in this list.")
    node: ModerationCase = strawberry.field(description="The case.")


@strawberry.type(description="A page of cases.")
class ModerationCaseConnection:
    edges: list[ModerationCaseEdge] = strawberry.field(
        description="The cases of this page, in order."
    )
    page_info: PageInfo = strawberry.field(description="Where the page lies in the list.")

    @classmethod
    def of(cls, page: Page[CaseRow]) -> Self:
        edges, page_info = connected(page, "judged", ModerationCaseEdge, ModerationCase.of)
        return cls(edges=edges, page_info=page_info)


@strawberry.type(description="One decision, kept for good.")
class ModerationEntry:
    at: datetime = strawberry.field(description="When it was decided.")
    decider: Judge = strawberry.field(description="Who decided.")
    action: LogAction = strawberry.field(description="What was decided.")
    subject_id: strawberry.ID = strawberry.field(
        description="The photo, comment or user it is about, which may be gone."
    )
    reason: str = strawberry.field(description="Why; empty when nobody said.")
    row: strawberry.Private[LogRow]

    @classmethod
    def of(cls, row: LogRow) -> Self:
        return cls(
            at=row.at,
            decider=row.decider,
            action=row.action,
            subject_id=global_id(KINDS[row.kind], row.subject_id),
            reason=row.reason,
            row=row,
        )


@in_list
@strawberry.type(description="A decision in a list.")
class ModerationEntryEdge:
    cursor: str = strawberry.field(description="The decision's place in this list.")
    node: ModerationEntry = strawberry.field(description="The decision.")


@strawberry.type(description="A page of decisions.")
class ModerationLogConnection:
    edges: list[ModerationEntryEdge] = strawberry.field(
        description="The decisions of this page, in order."
    )
    page_info: PageInfo = strawberry.field(description="Where the page lies in the list.")

    @classmethod
    def of(cls, page: Page[LogRow]) -> Self:
        edges, page_info = connected(page, "entries", ModerationEntryEdge, ModerationEntry.of)
        return cls(edges=edges, page_info=page_info)


@strawberry.input(description="Whether a photo may be live, and why.")
class ModeratePhotoInput:
    id: strawberry.ID = strawberry.field(description="The photo: a held or a live one.")
    verdict: Verdict = strawberry.field(description="Whether it may be live.")
    reason: str = strawberry.field(
        default="", description="Up to 500 characters; the owner of a rejected photo reads it."
    )


@strawberry.input(description="How a case is to end, and why.")
class ResolveReportsInput:
    case_id: strawberry.ID = strawberry.field(description="The case.")
    outcome: CaseOutcome = strawberry.field(
        description="DISMISSED leaves what was reported as it is; REMOVED takes a photo down or "
        "deletes a comment; SUSPENDED, for users alone, is as `suspendUser`."
    )
    note: str = strawberry.field(
        default="",
        description="Up to 500 characters; the owner of a photo taken down reads it, and so does "
        "a suspended user.",
    )


@strawberry.input(description="Who is to be kept out, or let in again, and why.")
class SuspensionInput:
    id: strawberry.ID = strawberry.field(description="The user.")
    reason: str = strawberry.field(
        default="", description="Up to 500 characters; a suspended user reads it."
    )


@strawberry.type(description="A case, or what stood in the way.")
class ModerationCasePayload:
    case: ModerationCase | None = strawberry.field(
        default=None, description="The case as it is now; null when the change was refused."
    )
    errors: list[UserError] = strawberry.field(
        default_factory=list, description="Why it was refused; empty when it was not."
    )
