"""What remains to be said of something deleted."""

import strawberry

from schema.errors import UserError


@strawberry.type(description="What was deleted, or what stood in the way.")
class DeletePayload:
    deleted_id: strawberry.ID | None = strawberry.field(
        default=None, description="The id of what is gone; null when that was refused."
    )
    errors: list[UserError] = strawberry.field(
        default_factory=list, description="Why it was refused; empty when it was not."
    )
