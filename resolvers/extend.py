"""Gives a type of the schema fields that are reached by a resolver."""

import inspect
from collections.abc import Callable
from typing import Any, Final, TypeVar

import strawberry
from strawberry.types.base import get_object_definition
from strawberry.types.field import StrawberryField

from schema.costs import Cost, ListSize
from schema.roots import Mutation

Resolver = TypeVar("Resolver", bound=Callable[..., Any])

# A call and the row it reads.
WEIGHT: Final = 2
MUTATION_WEIGHT: Final = 10
# Arguments that say how many entries there are at most.
SLICING: Final = ("first", "ids")
MOST_IDS: Final = 100


def costs(weight: int) -> Callable[[Resolver], Resolver]:
    """What one call of a resolver costs, where that is not a call and a row: 1 for each."""

    def weighed(resolver: Resolver) -> Resolver:
        resolver.__dict__["weight"] = weight
        return resolver

    return weighed


def extend(shape: type, **fields: Callable[..., Any]) -> None:
    """Add each function as a field of *shape*, described by its docstring.

    An argument that is an input type and has no description of its own takes that of its type.
    What it costs is declared with it: `costs` and the argument that sizes a list say so.

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
        field.directives = _costs(shape, field, function)
        definition.fields.append(field)


def _costs(
    shape: type, field: StrawberryField, function: Callable[..., Any]
) -> list[Cost | ListSize]:
    usual = MUTATION_WEIGHT if shape is Mutation else WEIGHT
    weight = Cost(weight=str(getattr(function, "weight", usual)))
    slicing = [each for each in field.arguments if each.python_name in SLICING]
    if not slicing:
        return [weight]
    size = ListSize(
        assumed_size=slicing[0].default if isinstance(slicing[0].default, int) else MOST_IDS,
        slicing_arguments=[each.python_name for each in slicing],
        sized_fields=_sized(inspect.get_annotations(function, eval_str=True)["return"]),
        require_one_slicing_argument=False,
    )
    return [weight, size]


def _sized(answer: object) -> list[str]:
    """The fields that hold the entries of a page; none when the answer is the list itself."""
    page = get_object_definition(answer)
    names = [field.python_name for field in page.fields] if page else []
    return [name for name in names if name == "edges"]


def _description_of_type(kind: object) -> str | None:
    definition = get_object_definition(kind)
    return definition.description if definition else None


def _description(function: Callable[..., Any]) -> str:
    text = inspect.getdoc(function)
    if text is None:
        raise TypeError(f"{function.__qualname__} needs a docstring: users of the API read it")
    return " ".join(text.split())
