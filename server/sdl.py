"""The schema as text, for client code generators and for review."""

from resolvers.graph import schema


def printed() -> str:
    """The SDL, ending in a newline."""
    return f"{schema.as_str().rstrip()}\n"
