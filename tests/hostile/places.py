"""Every place of the schema that takes a value, in a call that is fine otherwise."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from graphql import (
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLSchema,
    get_named_type,
    is_enum_type,
    is_input_object_type,
    is_leaf_type,
    is_list_type,
    is_non_null_type,
)

# A plain value for a name; anything else is plain by its type.
Fillers = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a value goes: the call around it, and the kind of value that belongs there."""

    name: str
    document: str
    kind: str
    variables: Callable[[Any], dict[str, Any]]


def places(schema: GraphQLSchema, fillers: Fillers) -> Iterator[Place]:
    """All of Query and Mutation, and of the lists of a user and of a photo."""
    for operation, root in (("query", schema.query_type), ("mutation", schema.mutation_type)):
        for name, field in root.fields.items() if root else ():
            yield from _of_field(f"{name}", operation, "{}", name, field, fillers)
    for kind, id in (("User", fillers["user"]), ("Photo", fillers["photo"])):
        around = f'node(id: "{id}") {{{{ ... on {kind} {{{{ {{}} }}}}}}}}'
        for name, field in schema.type_map[kind].fields.items():
            yield from _of_field(f"{kind}.{name}", "query", around, name, field, fillers)


def _of_field(
    place: str, operation: str, around: str, name: str, field: GraphQLField, fillers: Fillers
) -> Iterator[Place]:
    below = "" if is_leaf_type(get_named_type(field.type)) else "{ __typename }"
    declared = ", ".join(f"${each}: {argument.type}" for each, argument in field.args.items())
    given = ", ".join(f"{each}: ${each}" for each in field.args)
    call = around.format(f"{name}({given}) {below}") if field.args else ""
    plain = {each: _plain(each, argument.type, fillers) for each, argument in field.args.items()}
    for each, argument in field.args.items():
        for path, kind, put in _leaves(each, argument.type, fillers):
            yield Place(
                f"{place}({path})",
                f"{operation}({declared}) {{ {call} }}",
                kind,
                lambda value, each=each, put=put: plain | {each: put(value)},
            )


def _leaves(name: str, kind: GraphQLInputType, fillers: Fillers):
    kind = kind.of_type if is_non_null_type(kind) else kind
    if is_list_type(kind):
        for path, leaf, put in _leaves(name, kind.of_type, fillers):
            yield f"{path}[]", leaf, lambda value, put=put: [put(value)]
    elif is_input_object_type(kind):
        whole = _members(kind, fillers)
        for below, field in kind.fields.items():
            for path, leaf, put in _leaves(below, field.type, fillers):
                yield (
                    f"{name}.{path}",
                    leaf,
                    lambda value, below=below, put=put: whole | {below: put(value)},
                )
    else:
        yield name, "enum" if is_enum_type(kind) else kind.name, lambda value: value


def _plain(name: str, kind: GraphQLInputType, fillers: Fillers) -> Any:
    if name in fillers:
        return fillers[name]
    if not is_non_null_type(kind):
        return None
    kind = kind.of_type
    if is_list_type(kind):
        return [_plain(name, kind.of_type, fillers)]
    if is_input_object_type(kind):
        return _members(kind, fillers)
    if is_enum_type(kind):
        return next(iter(kind.values))
    return {"Int": 1, "Float": 1.0, "Boolean": True, "ID": fillers["photo"]}.get(kind.name, "plain")


def _members(kind: GraphQLInputObjectType, fillers: Fillers) -> dict[str, Any]:
    return {each: _plain(each, field.type, fillers) for each, field in kind.fields.items()}
