"""What people do with their accounts as a whole."""

from datetime import datetime
from typing import Self

import strawberry

from schema.enums import PhotoStatus
from schema.errors import UserError
from storage.rows import ExportRow


@strawberry.input(description="Another name for oneself.")
class ChangeUsernameInput:
    username: str = strawberry.field(
        description='3 to 30 of A-Z, a-z, 0-9, "_" and ".", beginning with a letter or a digit. '
        "It can be changed twice in 14 days; another case of the same name is always possible. "
        "The old name waits 14 days for you before others can take it."
    )


@strawberry.input(description="What it takes to delete one's account.")
class DeleteAccountInput:
    password: str = strawberry.field(description="The password of the account, once more.")

    # Stands in logs and traces without what was typed.
    __repr__ = object.__repr__


@strawberry.type(
    description="All that is kept of you in one ZIP file: a manifest in JSON, and "
    "the original of every photo and of the avatar."
)
class DataExport:
    status: PhotoStatus = strawberry.field(
        description="PROCESSING while it is being made, READY to be fetched, or FAILED: ask again."
    )
    requested_at: datetime = strawberry.field(description="When you asked for it.")
    byte_size: int | None = strawberry.field(
        description="How large the file is; null until READY, or when it is beyond 2,147,483,647."
    )
    expires_at: datetime | None = strawberry.field(
        description="When the file is gone; null until READY."
    )
    row: strawberry.Private[ExportRow]

    @classmethod
    def of(cls, row: ExportRow) -> Self:
        is_countable = row.byte_size is not None and row.byte_size < 2**31
        return cls(
            status=row.status,
            requested_at=row.requested_at,
            byte_size=row.byte_size if is_countable else None,
            expires_at=row.expires_at,
            row=row,
        )


@strawberry.type(description="An export, or what stood in the way.")
class DataExportPayload:
    data_export: DataExport | None = strawberry.field(
        default=None, description="The export; null when it was refused."
    )
    errors: list[UserError] = strawberry.field(
        default_factory=list, description="Why it was refused; empty when it was not."
    )
