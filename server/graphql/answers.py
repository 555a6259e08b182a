"""What became of an operation."""

from dataclasses import dataclass
from typing import Any


@dataclass(slots=True)
class Answer:
    """The body of an answer, and what is to be known about it outside."""

    body: dict[str, Any]
    operation: str
    outcome: str
    was_replayed: bool = False
    """Whether it was given before, to the same request with the same idempotency key."""
    was_parsed: bool = True
    """False when the document does not keep to the grammar of GraphQL."""

    @property
    def was_executed(self) -> bool:
        """False when the request was refused before any resolver ran."""
        return "data" in self.body

    @property
    def is_empty(self) -> bool:
        """Whether it has nothing to show for any field."""
        data = self.body.get("data")
        return data is None or all(value is None for value in data.values())
