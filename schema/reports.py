"""Reports, as those who judge see them."""

from datetime import datetime
from typing import Self

import strawberry

from schema.enums import shown
from schema.errors import UserError
from storage.cases import ReportReason, ReportRow

shown(
    ReportReason,
    "Why something is reported.",
    SPAM="Advertising, or the same again and again.",
    NUDITY="Nudity or sex.",
    VIOLENCE="Violence or gore.",
    HATE="Hatred of a group of people.",
    HARASSMENT="Somebody is bullied, threatened or exposed.",
    SELF_HARM="Somebody may harm themselves.",
    ILLEGAL="It is against the law.",
    COPYRIGHT="It belongs to somebody else.",
    OTHER="Another reason; say which in `text`.",
)


@strawberry.type(description="What somebody says about something that they reported.")
class Report:
    reason: ReportReason = strawberry.field(description="Why, in a word.")
    text: str = strawberry.field(description="Why, in their words; empty when they wrote none.")
    created_at: datetime = strawberry.field(description="When they reported it.")
    row: strawberry.Private[ReportRow]

    @classmethod
    def of(cls, row: ReportRow) -> Self:
        return cls(reason=row.reason, text=row.text, created_at=row.created_at, row=row)


@strawberry.input(description="What to report, and why. You can report one thing once.")
class ReportInput:
    subject_id: strawberry.ID = strawberry.field(
        description="The id of a photo, a comment or a user that is not your own."
    )
    reason: ReportReason = strawberry.field(description="Why, in a word.")
    text: str = strawberry.field(
        default="", description="Why, in your words; up to 500 characters."
    )


@strawberry.type(description="That a report was taken, or what stood in the way.")
class ReportPayload:
    subject_id: strawberry.ID | None = strawberry.field(
        default=None, description="What was reported; null when the report was refused."
    )
    errors: list[UserError] = strawberry.field(
        default_factory=list, description="Why it was refused; empty when it was not."
    )
