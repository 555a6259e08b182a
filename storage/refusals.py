"""Expected refusals: what a user asked for and cannot have, each raised where it is known."""

from collections.abc import Callable, Sequence
from typing import Any, ClassVar, Literal

Code = Literal[
    "INVALID",
    "TAKEN",
    "NOT_FOUND",
    "NOT_ALLOWED",
    "TOO_LARGE",
    "TOO_LONG",
    "UNSUPPORTED_TYPE",
    "MISSING_OBJECT",
    "EXPIRED",
    "CONFLICT",
    "WRONG_CREDENTIALS",
    "QUOTA_EXCEEDED",
]


class Refusal(Exception):
    """A refusal that the user can understand and act on.

    *path* leads to the part of the input it is about, e.g. ("input", "caption").
    """

    code: ClassVar[Code]

    def __init__(self, message: str, *path: str) -> None:
        super().__init__(message)
        self.message = message
        self.path = path


class Invalid(Refusal):
    code = "INVALID"


class Taken(Refusal):
    code = "TAKEN"


class Missing(Refusal):
    """It does not exist, or the viewer may not know that it does."""

    code = "NOT_FOUND"


class NotAllowed(Refusal):
    code = "NOT_ALLOWED"


class TooLarge(Refusal):
    code = "TOO_LARGE"


class TooLong(Refusal):
    code = "TOO_LONG"


class UnsupportedType(Refusal):
    code = "UNSUPPORTED_TYPE"


class MissingObject(Refusal):
    code = "MISSING_OBJECT"


class Expired(Refusal):
    code = "EXPIRED"


class Conflict(Refusal):
    code = "CONFLICT"


class WrongCredentials(Refusal):
    code = "WRONG_CREDENTIALS"


class QuotaExceeded(Refusal):
    code = "QUOTA_EXCEEDED"


class Refusals(Exception):
    """Several refusals at once, so that a form can be corrected in one go."""

    def __init__(self, refusals: Sequence[Refusal]) -> None:
        super().__init__("; ".join(refusal.message for refusal in refusals))
        self.refusals = tuple(refusals)


def together(*checks: Callable[[], Any]) -> list[Any]:
    """The answers of all *checks*, in order. Raises Refusals with what each of them refused."""
    answers: list[Any] = []
    refused: list[Refusal] = []
    for check in checks:
        try:
            answers.append(check())
        except Refusal as refusal:
            refused.append(refusal)
    if refused:
        raise Refusals(refused)
    return answers
