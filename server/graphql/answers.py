"""What became of an operation."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Answer:
    """The body of an answer, and what is to be known about it outside."""

    body: dict[str, Any]
    operation: str
    outcome: str
    was_replayed: bool = False
    """Whether it was given before, to the same request with the same idempotency key."""

    @property
    def was_executed(self) -> bool:
        """False when the request was refused before any resolver ran."""
        return "data" in self.body
