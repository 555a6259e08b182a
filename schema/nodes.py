"""What has a global id, and how the id is written."""

from typing import Final, Literal, cast
from uuid import UUID

import strawberry

Kind = Literal["user", "photo", "upload", "comment", "notification", "session", "case"]

_LENGTH: Final = 32


@strawberry.interface(description="Something with an id of its own, to be fetched again by `node`.")
class Node:
    id: strawberry.ID = strawberry.field(
        description="Opaque and globally unique; clients never parse it."
    )


def global_id(kind: Kind, id: UUID) -> strawberry.ID:
    """The id as clients see it."""
    # Twice as fast as `id.hex`.
    return cast("strawberry.ID", f"{kind}_{id.int.to_bytes(16).hex()}")


def parsed(text: str) -> tuple[str, UUID] | None:
    """The kind and the key in a global id; None when it was not made by `global_id`."""
    kind, _, digits = text.rpartition("_")
    if (
        len(digits) != _LENGTH
        or not digits.isascii()
        or not digits.isalnum()
        or digits != digits.lower()
    ):
        return None
    try:
        return kind, UUID(hex=digits)
    except ValueError:
        return None
