"""Quotas as clients see them."""

from typing import Self

import strawberry

from storage.quotas import Quota, Usage


@strawberry.type(
    description="How much of something may be kept, and is. The figures are whole numbers; they "
    "are Float because Int ends at 2,147,483,647."
)
class QuotaShare:
    used: float = strawberry.field(description="What your photos take, in whatever status.")
    promised: float = strawberry.field(
        description="What uploads take that may still arrive: until they become photos, expire or "
        "are aborted."
    )
    limit: float | None = strawberry.field(
        description="The most of both together; null when there is no limit."
    )


@strawberry.type(description="What you may keep here, and do.")
class UploadQuota:
    photos: QuotaShare = strawberry.field(description="How many photos.")
    bytes: QuotaShare = strawberry.field(description="How many bytes their originals have.")

    @classmethod
    def of(cls, usage: Usage, quota: Quota) -> Self:
        return cls(
            photos=QuotaShare(
                used=usage.photos, promised=usage.promised_photos, limit=quota.photos or None
            ),
            bytes=QuotaShare(
                used=usage.byte_size, promised=usage.promised_bytes, limit=quota.byte_size or None
            ),
        )
