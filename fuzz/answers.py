"""Whether an answer is one that the schema and the document admit, to the last member.

Source: the response format and the execution of the GraphQL specification,
https://spec.graphql.org/September2025/#sec-Response-Format and #sec-Value-Completion.
"""

import math
import re
from collections.abc import Iterator
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLEnumType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLSchema,
    OperationDefinitionNode,
    SelectionSetNode,
    get_operation_ast,
    is_abstract_type,
    is_leaf_type,
    is_list_type,
    is_non_null_type,
    is_object_type,
)

MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
Path = tuple[str | int, ...]


def faults(schema: GraphQLSchema, document: DocumentNode | None, answer: Any) -> list[str]:
    """What is wrong with an answer; *document* is None when it cannot be executed."""
    if not isinstance(answer, dict):
        return ["the answer is no object"]
    found = [f"there is a member {name}" for name in answer.keys() - _MEMBERS]
    found += _of_errors(answer)
    if document is None:
        return [*found, "data of what cannot be executed"] if "data" in answer else found
    if answer.get("data") is not None:
        operation = get_operation_ast(document)
        assert operation is not None
        found += _Checking(schema, document).of_data(operation, answer["data"])
    elif "errors" not in answer:
        found.append("neither data nor errors")
    return found


_MEMBERS = {"data", "errors", "extensions"}
_OF_ERROR = {"message", "locations", "path", "extensions"}


def _of_errors(answer: dict[str, Any]) -> Iterator[str]:
    if "errors" not in answer:
        return
    errors = answer["errors"]
    if not isinstance(errors, list) or not errors:
        yield "errors is no list with entries"
        return
    for error in errors:
        if not isinstance(error, dict) or not isinstance(error.get("message"), str):
            yield f"an error without a message: {error}"
            continue
        yield from (f"an error has a member {name}" for name in error.keys() - _OF_ERROR)
        if not isinstance(error.get("extensions", {}).get("code"), str):
            yield f"an error without a code: {error}"
        if not all(_is_place(each) for each in error.get("locations", [])):
            yield f"an error with odd locations: {error}"
        if "path" in error and not _is_null(answer.get("data"), error["path"]):
            yield f"an error whose path leads to a value: {error}"


def _is_place(place: Any) -> bool:
    return place.keys() == {"line", "column"} and all(
        isinstance(each, int) and each > 0 for each in place.values()
    )


def _is_null(data: Any, path: list[str | int]) -> bool:
    for step in path:
        if data is None:
            return True
        try:
            data = data[step]
        except (KeyError, IndexError, TypeError):
            return False
    return data is None


class _Checking:
    def __init__(self, schema: GraphQLSchema, document: DocumentNode) -> None:
        self._schema = schema
        self._fragments = {
            each.name.value: each
            for each in document.definitions
            if isinstance(each, FragmentDefinitionNode)
        }

    def of_data(self, operation: OperationDefinitionNode, data: Any) -> list[str]:
        root = self._schema.get_root_type(operation.operation)
        assert root is not None
        return list(self._of_object(root, [operation.selection_set], data, ()))

    def _of_value(
        self, kind: GraphQLOutputType, nodes: list[FieldNode], value: Any, path: Path
    ) -> Iterator[str]:
        if value is None:
            if is_non_null_type(kind):
                yield f"{path}: null where there must be a value"
            return
        kind = kind.of_type if is_non_null_type(kind) else kind
        if is_list_type(kind):
            if not isinstance(value, list):
                yield f"{path}: no list: {value!r}"
                return
            for index, each in enumerate(value):
                yield from self._of_value(kind.of_type, nodes, each, (*path, index))
        elif is_leaf_type(kind):
            if not _is_leaf(kind, value):
                yield f"{path}: no {kind}: {value!r}"
        else:
            sets = [node.selection_set for node in nodes if node.selection_set]
            yield from self._of_composite(kind, sets, value, path)

    def _of_composite(
        self, kind: GraphQLNamedType, sets: list[SelectionSetNode], value: Any, path: Path
    ) -> Iterator[str]:
        """One of the possible types must fit altogether."""
        if not is_abstract_type(kind):
            assert is_object_type(kind)
            yield from self._of_object(kind, sets, value, path)
            return
        possible = self._schema.get_possible_types(kind)
        tried = [list(self._of_object(each, sets, value, path)) for each in possible]
        yield from min(tried, key=len)

    def _of_object(
        self, kind: GraphQLObjectType, sets: list[SelectionSetNode], value: Any, path: Path
    ) -> Iterator[str]:
        fields: dict[str, list[FieldNode]] = {}
        for each in sets:
            self._collect(kind, each, fields)
        if not isinstance(value, dict) or list(value) != list(fields):
            yield f"{path}: not the fields {list(fields)} in this order: {value!r}"
            return
        for name, nodes in fields.items():
            called = nodes[0].name.value
            if called == "__typename":
                if value[name] != kind.name:
                    yield f"{path}: {value[name]!r} is not the type {kind.name}"
                continue
            field = self._schema.get_field(kind, called)
            assert field is not None
            yield from self._of_value(field.type, nodes, value[name], (*path, name))

    def _collect(
        self, kind: GraphQLObjectType, selections: SelectionSetNode, into: dict[str, Any]
    ) -> None:
        for node in selections.selections:
            if isinstance(node, FieldNode):
                name = node.alias.value if node.alias else node.name.value
                into.setdefault(name, []).append(node)
                continue
            if isinstance(node, FragmentSpreadNode):
                node = self._fragments[node.name.value]  # noqa: PLW2901
            if node.type_condition is None or self._fits(node.type_condition.name.value, kind):
                self._collect(kind, node.selection_set, into)

    def _fits(self, condition: str, kind: GraphQLObjectType) -> bool:
        other = self._schema.type_map[condition]
        return other is kind or (is_abstract_type(other) and self._schema.is_sub_type(other, kind))


def _is_leaf(kind: GraphQLNamedType, value: Any) -> bool:
    if isinstance(kind, GraphQLEnumType):
        return value in kind.values
    match kind.name:
        case "Int":
            return type(value) is int and -(2**31) <= value < 2**31
        case "Float":
            return type(value) in {int, float} and math.isfinite(value)
        case "Boolean":
            return type(value) is bool
        case "DateTime":
            return isinstance(value, str) and MOMENT.fullmatch(value) is not None
        case _:
            return isinstance(value, str)
