"""Variables of built-in types, read without what graphql-core does for all others."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Self

from graphql import (
    GraphQLBoolean,
    GraphQLError,
    GraphQLID,
    GraphQLInt,
    GraphQLNonNull,
    GraphQLSchema,
    GraphQLString,
    Undefined,
    VariableDefinitionNode,
)
from graphql.execution.get_variable_signature import (
    GraphQLVariableSignature,
    get_variable_signature,
)
from graphql.execution.values import VariableValues, VariableValueSource

# Values of these classes are what they are coerced to.
_CLASSES: Final[Mapping[object, type]] = {
    GraphQLString.name: str,
    GraphQLID.name: str,
    GraphQLBoolean.name: bool,
    GraphQLInt.name: int,
}
_BEYOND: Final = 2**31


@dataclass(frozen=True, slots=True)
class Variable:
    """One that has no default."""

    name: str
    of: type
    is_nullable: bool
    signature: GraphQLVariableSignature

    @classmethod
    def of_node(cls, schema: GraphQLSchema, node: VariableDefinitionNode) -> Self | None:
        """The variable; None when it is not that simple."""
        found = get_variable_signature(schema, node)
        if isinstance(found, GraphQLError) or node.default_value is not None:
            return None
        bare = found.type.of_type if isinstance(found.type, GraphQLNonNull) else found.type
        of = _CLASSES.get(getattr(bare, "name", None))
        return None if of is None else cls(found.name, of, bare is found.type, found)

    def takes(self, value: object) -> bool:
        """Whether the value, or that there is none, is taken as it is."""
        if value is None or value is Undefined:
            return self.is_nullable
        is_in_range = value.__class__ is not int or -_BEYOND <= value < _BEYOND
        return value.__class__ is self.of and is_in_range


def plain(
    schema: GraphQLSchema, nodes: tuple[VariableDefinitionNode, ...]
) -> tuple[Variable, ...] | None:
    """The variables of an operation; None when not all of them are that simple."""
    found = [Variable.of_node(schema, node) for node in nodes]
    known = tuple(one for one in found if one is not None)
    return known if len(known) == len(found) else None


def read(variables: tuple[Variable, ...], given: Mapping[str, Any]) -> VariableValues | None:
    """The values as graphql-core would have them; None where it is to be asked."""
    sources: dict[str, VariableValueSource] = {}
    coerced: dict[str, Any] = {}
    for one in variables:
        value = given.get(one.name, Undefined)
        if not one.takes(value):
            return None
        sources[one.name] = VariableValueSource(one.signature, value)
        if value is not Undefined:
            coerced[one.name] = value
    return VariableValues(sources, coerced)
