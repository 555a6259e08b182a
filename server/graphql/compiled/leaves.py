"""Leaf values as graphql-core writes them, with the common case in the generated code."""

from collections.abc import Callable
from typing import Any, Final

from graphql import GraphQLBoolean, GraphQLID, GraphQLInt, GraphQLLeafType, GraphQLString, Undefined

# Python expressions that hold for values which are written as they are.
AS_IS: Final = {
    GraphQLString.name: "{0}.__class__ is str",
    GraphQLID.name: "{0}.__class__ is str",
    GraphQLBoolean.name: "{0}.__class__ is bool",
    GraphQLInt.name: "{0}.__class__ is int and -2147483649 < {0} < 2147483648",
}


class NotWritten(Exception):
    """A value that cannot be written as its type, or a null where there must be none."""


def writer(leaf: GraphQLLeafType) -> Callable[[Any], Any]:
    """What writes a value; it raises what the type raises, and NotWritten for a null."""

    def write(value: object) -> Any:
        written = None if value is None or value is Undefined else leaf.coerce_output_value(value)
        if written is None or written is Undefined:
            raise NotWritten(leaf.name)
        return written

    return write


def listed(value: object) -> list[Any]:
    """The value, which must be a list. Raises NotWritten."""
    if not isinstance(value, list):
        raise NotWritten("no list")
    return value
