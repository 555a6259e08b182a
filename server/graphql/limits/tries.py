"""Fields that try a secret: an operation may call one of them once, under whatever alias."""

from collections import Counter
from typing import Final

from graphql import OperationDefinitionNode

from server.graphql.limits.figures import Exceeded

# What answers whether a password, a token or a mailed code is right.
TRYING: Final = frozenset(
    {
        "changeEmail",
        "changePassword",
        "deleteAccount",
        "logIn",
        "refreshSession",
        "resetPassword",
        "signUp",
        "verifyEmail",
    }
)


def refused(root_fields: Counter[str], operation: OperationDefinitionNode) -> Exceeded | None:
    """Why the operation is not executed; None when it tries one secret, or none."""
    found = sum(root_fields[name] for name in root_fields.keys() & TRYING)
    if found <= 1:
        return None
    return Exceeded("TOO_MANY_TRIES", "fields that try a secret", 1, found, operation)
