"""An operation that was read and weighed."""

from collections import Counter
from dataclasses import dataclass, field

from graphql import DocumentNode, GraphQLError, OperationDefinitionNode

from server.graphql.compiled import Query
from server.graphql.documents import is_subscription, label
from server.graphql.requests import Asked


@dataclass(frozen=True, slots=True)
class Prepared:
    """An operation that can be executed, or why it cannot."""

    asked: Asked
    ast: DocumentNode | None = None
    node: OperationDefinitionNode | None = None
    errors: tuple[GraphQLError, ...] = ()
    cost: int = 0
    """A bound of the rows it reads and the resolver calls it makes."""
    root_fields: Counter[str] = field(default_factory=Counter)
    """How often each root field is executed, whatever it is called."""
    query: Query | None = None
    """The compiled form of a query."""

    @property
    def name(self) -> str:
        """What it is called in logs and metrics."""
        return f"{self.node.operation.value} {label(self.node)}" if self.node else "none"

    @property
    def is_subscription(self) -> bool:
        """Whether it has many answers."""
        return self.node is not None and is_subscription(self.node)
