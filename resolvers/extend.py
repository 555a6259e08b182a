"""Gives a type of the schema fields that are reached by a resolver."""

import inspect
from collections.abc import Callable
from typing import Any

import strawberry
from strawberry.types.base import get_object_definition


def extend(shape: type, **fields: Callable[..., Any]) -> None:
    """Add each function as a field of *shape*, described by its docstring.

    This uses the list of fields of Strawberry's type definition, which is no promised API:
    the version is pinned, and the printed schema shows any change.
    """
    definition = get_object_definition(shape, strict=True)
    for name, function in fields.items():
        field = strawberry.field(resolver=function, description=_description(function))
        field.python_name = name
        field.name = name
        field.origin = shape
        definition.fields.append(field)


def _description(function: Callable[..., Any]) -> str:
    text = inspect.getdoc(function)
    if text is None:
        raise TypeError(f"{function.__qualname__} needs a docstring: users of the API read it")
    return " ".join(text.split())
