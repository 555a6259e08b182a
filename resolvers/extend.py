"""Gives a type of the schema fields that are reached by a resolver."""

import inspect
from collections.abc import Callable
from typing import Any

import strawberry
from strawberry.types.base import get_object_definition


def extend(shape: type, **fields: Callable[..., Any]) -> None:
    """Add each function as a field of *shape*, described by its docstring.

    An argument that is an input type and has no description of its own takes that of its type.

    This uses the list of fields of Strawberry's type definition, which is no promised API:
    the version is pinned, and the printed schema shows any change.
    """
    definition = get_object_definition(shape, strict=True)
    for name, function in fields.items():
        made = strawberry.subscription if inspect.isasyncgenfunction(function) else strawberry.field
        field = made(resolver=function, description=_description(function))
        field.python_name = name
        field.name = name
        field.origin = shape
        for argument in field.arguments:
            argument.description = argument.description or _description_of_type(argument.type)
        definition.fields.append(field)


def _description_of_type(kind: object) -> str | None:
    definition = get_object_definition(kind)
    return definition.description if definition else None


def _description(function: Callable[..., Any]) -> str:
    text = inspect.getdoc(function)
    if text is None:
        raise TypeError(f"{function.__qualname__} needs a docstring: users of the API read it")
    return " ".join(text.split())
