"""How objects lie in nested lists: taken out for one batch, and put back in their places."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final, Self

from graphql import GraphQLList, GraphQLNonNull, GraphQLOutputType

from server.graphql.compiled.leaves import NotWritten, listed


@dataclass(frozen=True, slots=True)
class Shape:
    """An object, or a list of a shape; null where that is allowed."""

    is_nullable: bool
    of: "Shape | None" = None

    @classmethod
    def of_type(cls, type: GraphQLOutputType) -> Self:
        """The shape of values of that type."""
        bare = type.of_type if isinstance(type, GraphQLNonNull) else type
        of = cls.of_type(bare.of_type) if isinstance(bare, GraphQLList) else None
        return cls(bare is type, of)

    def objects(self, values: Sequence[Any]) -> list[Any]:
        """The objects in values of this shape, in order. Raises NotWritten for a wrong null."""
        found: list[Any] = []
        self.take(values, found)
        return found

    def rebuilt(self, values: Sequence[Any], made: Iterator[Any]) -> list[Any]:
        """The same with what was made of each object in its place."""
        of = self.of
        if of is None:
            return [None if value is None else next(made) for value in values]
        return [None if value is None else of.rebuilt(value, made) for value in values]

    def take(self, values: Sequence[Any], found: list[Any]) -> None:
        """Add the objects to those *found* before. Raises NotWritten."""
        for value in values:
            if value is None:
                if not self.is_nullable:
                    raise NotWritten("null")
            elif self.of is None:
                found.append(value)
            else:
                self.of.take(listed(value), found)


# One object that is always there; of anything else there is no maker.
PLAIN: Final = Shape(is_nullable=False)
