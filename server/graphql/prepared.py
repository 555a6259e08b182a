"""An operation that was read and weighed."""

from collections import Counter
from dataclasses import dataclass

from graphql import DocumentNode, GraphQLError

from server.graphql.documents import Priced
from server.graphql.requests import Asked

NOTHING = Counter[str]()


@dataclass(slots=True)
class Prepared:
    """An operation that can be executed, or why it cannot."""

    asked: Asked
    ast: DocumentNode | None = None
    known: Priced | None = None
    errors: tuple[GraphQLError, ...] = ()
    cost: int = 0
    """A bound of the rows it reads and the resolver calls it makes."""

    @property
    def root_fields(self) -> Counter[str]:
        """How often each root field is executed, whatever it is called."""
        return self.known.root_fields if self.known else NOTHING

    @property
    def name(self) -> str:
        """What it is called in logs and metrics."""
        return self.known.name if self.known else "none"

    @property
    def is_to_be_executed(self) -> bool:
        """Whether it is neither refused nor only weighed."""
        return not self.errors and self.asked.cost != "dry-run"

    @property
    def is_write(self) -> bool:
        """Whether executing it changes anything."""
        return self.known is not None and self.known.is_write

    @property
    def is_subscription(self) -> bool:
        """Whether it has many answers."""
        return self.known is not None and self.known.is_subscription
