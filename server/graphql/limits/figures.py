"""The most that a document may hold, and what is said to one that holds more."""

from dataclasses import dataclass

from graphql import GraphQLError, Node


@dataclass(frozen=True, slots=True)
class Limits:
    """The most of everything; what is exactly as much is admitted."""

    document_bytes: int = 32_768
    tokens: int = 1_000
    depth: int = 15
    fields: int = 1_000
    aliases: int = 30
    repeated_fields: int = 20
    directives: int = 50
    root_fields: int = 20
    operations: int = 20
    fragments: int = 100
    cost: int = 5_000
    deadline_s: float = 2.0
    write_deadline_s: float = 10.0
    cache_bytes: int = 8 * 1024**2
    introspection: bool = True
    suggestions: bool = False
    report_cost: bool = False


class Exceeded(GraphQLError):
    """The document holds more than is admitted; the text says what it was and what is the most."""

    def __init__(
        self, code: str, what: str, most: int, found: int | None = None, node: Node | None = None
    ) -> None:
        was = "more than that" if found is None else f"{found:,}"
        super().__init__(
            f"{what}: the most is {most:,}, not {was}",
            node,
            extensions={"code": code, "limit": most} | ({} if found is None else {"found": found}),
        )
