"""Closed sets of the stored rows, shown to clients as they are."""

from enum import StrEnum

import strawberry

from storage.rows import (
    FollowState,
    NotificationKind,
    PhotoFailureCode,
    PhotoStatus,
    VariantName,
    Visibility,
)
from storage.variants import VariantFormat


def shown(members: type[StrEnum], description: str, **each: str) -> None:
    """Make *members* a GraphQL enum; every member must be described."""
    strawberry.enum(members, description=description)
    for value in members.__strawberry_definition__.values:  # type: ignore[attr-defined] # set above
        value.description = each[value.name]


class FeedOrder(StrEnum):
    """What comes first in the home feed."""

    RECENT = "RECENT"
    TOP = "TOP"


shown(
    FeedOrder,
    "What comes first in the home feed.",
    RECENT="The newest; every photo is there, nothing is left out or put in.",
    TOP="The best of the last seven days, by likes and comments and how fresh it is.",
)
shown(
    FollowState,
    "How one user follows another.",
    NONE="Does not follow.",
    REQUESTED="Asked to follow a private account, and waits to be let in.",
    FOLLOWING="Follows.",
)
shown(
    NotificationKind,
    "What somebody did that you are told of.",
    FOLLOW="Follows you.",
    FOLLOW_REQUEST="Asks to follow you.",
    FOLLOW_ACCEPTED="Let you follow them.",
    LIKE="Likes your photo; several people are one notification.",
    COMMENT="Commented on your photo.",
    REPLY="Replied to your comment.",
    MENTION="Mentioned you in a comment.",
)
shown(
    Visibility,
    "Whom the owner shows a photo to.",
    PUBLIC="Everyone; only followers when the account is private.",
    FOLLOWERS="Those who follow the owner.",
    PRIVATE="The owner alone.",
)
shown(
    PhotoStatus,
    "Where a photo is on its way from bytes to variants.",
    PROCESSING="Its variants are being made; only the owner sees it.",
    READY="It is live, with all its variants.",
    FAILED="It could not be processed, see `failure`; only the owner sees it.",
)
shown(
    PhotoFailureCode,
    "Why a photo has no variants.",
    CHECKSUM_MISMATCH="The bytes that arrived are not the bytes that were promised.",
    UNSUPPORTED_FORMAT="The file is not of a format that can be shown.",
    CORRUPT_IMAGE="The file is damaged.",
    TOO_MANY_PIXELS="The picture has more pixels than allowed.",
    REJECTED_BY_MODERATION="A moderator did not let it go live.",
    PROCESSING_ERROR="Processing failed several times for no fault of the file; retry it.",
)
shown(
    VariantName,
    "The steps of the ladder of sizes.",
    THUMB="At most 320 pixels on the long edge.",
    MEDIUM="At most 1080 pixels on the long edge.",
    FULL="At most 2048 pixels on the long edge.",
)

shown(
    VariantFormat,
    "What a variant's bytes are. Every size is there as each of them.",
    WEBP="WebP, which every browser of today shows; the smaller one, and keeps transparency.",
    JPEG="JPEG, for what shows nothing else; on white where the picture is transparent.",
)

__all__ = [
    "FeedOrder",
    "FollowState",
    "NotificationKind",
    "PhotoFailureCode",
    "PhotoStatus",
    "VariantFormat",
    "VariantName",
    "Visibility",
]
