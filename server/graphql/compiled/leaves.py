"""Leaf values as graphql-core writes them, with the common case in the generated code."""

from collections.abc import Callable
from enum import Enum
from typing import Any, Final

from graphql import (
    GraphQLBoolean,
    GraphQLEnumType,
    GraphQLID,
    GraphQLInt,
    GraphQLLeafType,
    GraphQLString,
    Undefined,
)

# Python expressions that hold for values `v` which are written as they are.
AS_IS: Final = {
    GraphQLString.name: "v.__class__ is str",
    GraphQLID.name: "v.__class__ is str",
    GraphQLBoolean.name: "v.__class__ is bool",
    GraphQLInt.name: "v.__class__ is int and -2147483649 < v < 2147483648",
}


class NotWritten(Exception):
    """A value that cannot be written as its type, or a null where there must be none."""


class NotThere(Exception):
    """Something does not lie in its parent: it has to be asked for."""


def writer(leaf: GraphQLLeafType) -> Callable[[Any], Any]:
    """What writes a value; it raises what the type raises, and NotWritten for a null."""
    members = getattr(leaf, "wrapped_cls", None)
    if isinstance(leaf, GraphQLEnumType) and members is not None:
        return _member_writer(leaf, members)

    def write(value: object) -> Any:
        written = None if value is None or value is Undefined else leaf.coerce_output_value(value)
        if written is None or written is Undefined:
            raise NotWritten(leaf.name)
        return written

    return write


def _member_writer(leaf: GraphQLEnumType, members: type[Enum]) -> Callable[[Any], Any]:
    """The same for the members of an enum, of which there are few."""
    named = {value.value: name for name, value in leaf.values.items()}
    names = {member: named[member.value] for member in members}

    def write(value: object) -> Any:
        # A text that equals a member's value is left to graphql-core.
        if value.__class__ is not members:
            raise NotWritten(leaf.name)
        return names[value]

    return write


def listed(value: object) -> list[Any]:
    """The value, which must be a list. Raises NotWritten."""
    if not isinstance(value, list):
        raise NotWritten("no list")
    return value
