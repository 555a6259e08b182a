"""Leaf values as graphql-core writes them, with the common case in the generated code."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
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


@dataclass(frozen=True, slots=True)
class Common:
    """The common values of a type, in Python expressions of such a value `v`."""

    is_one: str
    """Whether `v` is one; `v` comes first in it."""
    written: str
    """How it is written then."""
    names: Mapping[str, object]
    """What both refer to."""


class NotWritten(Exception):
    """A value that cannot be written as its type, or a null where there must be none."""


class NotThere(Exception):
    """Something does not lie in its parent: it has to be asked for."""


def writer(leaf: GraphQLLeafType) -> Callable[[Any], Any]:
    """What writes a value; it raises what the type raises, and NotWritten for a null.

    Of an enum of Python's all members are `common`. Anything else is NotWritten: a text that equals
    a member's value is left to graphql-core.
    """
    is_known = _members(leaf) is not None

    def write(value: object) -> Any:
        is_nothing = value is None or value is Undefined or is_known
        written = None if is_nothing else leaf.coerce_output_value(value)
        if written is None or written is Undefined:
            raise NotWritten(leaf.name)
        return written

    return write


def common(leaf: GraphQLLeafType) -> Common | None:
    """What need not be left to the writer; None for nothing."""
    members = _members(leaf)
    if isinstance(leaf, GraphQLEnumType) and members is not None:
        kind, names = f"kind_{leaf.name}", f"members_{leaf.name}"
        named = {value.value: name for name, value in leaf.values.items()}
        written = {member: named[member.value] for member in members}
        return Common(f"v.__class__ is {kind}", f"{names}[v]", {kind: members, names: written})
    is_one = AS_IS.get(leaf.name)
    return None if is_one is None else Common(is_one, "v", {})


def _members(leaf: GraphQLLeafType) -> type[Enum] | None:
    """The enum of Python's that the type is made of, if it is."""
    return getattr(leaf, "wrapped_cls", None) if isinstance(leaf, GraphQLEnumType) else None


def listed(value: object) -> list[Any]:
    """The value, which must be a list. Raises NotWritten."""
    if not isinstance(value, list):
        raise NotWritten("no list")
    return value
