"""The arguments of a field: worked out once as far as no variable has a say."""

from collections.abc import Mapping
from copy import copy
from dataclasses import dataclass
from enum import Enum
from typing import Any, Final, Self

from graphql import (
    ArgumentNode,
    FieldNode,
    GraphQLNonNull,
    GraphQLScalarType,
    Undefined,
    VariableNode,
    Visitor,
    is_required_argument,
    is_specified_scalar_type,
    visit,
)
from graphql.execution.values import VariableValues, get_argument_values
from strawberry import Info
from strawberry.types.arguments import StrawberryArgument, convert_arguments

from server.graphql.compiled.plans import Field

Given = Mapping[str, Any]
# Values that nobody can change, so that all executions may share them.
_CONSTANT: Final = (str, int, float, bool, Enum, type(None))


@dataclass(frozen=True, slots=True)
class Passed:
    """An argument that is nothing but a variable, of a type that is passed on as it comes."""

    written: str
    argument: str
    variable: str
    is_nullable: bool
    is_required: bool


@dataclass(frozen=True, slots=True)
class Arguments:
    """Those of one field; in the general case graphql-core and Strawberry read them each time."""

    field: Field
    fixed: Given | None = None
    """Those that are the same each time; None in the general case."""
    passed: tuple[Passed, ...] = ()

    @classmethod
    def of(cls, field: Field, info: "Info[Any, Any]") -> Self:
        """Those of *field*; *info* need not be of any execution."""
        if not field.definition.args:
            return cls(field, {})
        node, general = field.nodes[0].node, cls(field)
        literal = [each for each in node.arguments or () if not _has_variables(each)]
        others = [each for each in node.arguments or () if _has_variables(each)]
        passed = [_passed(each, field, info) for each in others]
        simple = tuple(each for each in passed if each is not None)
        if len(simple) < len(others):
            return general
        try:
            fixed = general._read(literal, VariableValues({}, {}), info, without=simple)
        except Exception:  # noqa: BLE001 - Whatever it is, it is to be raised when asked.
            return general
        is_constant = all(isinstance(value, _CONSTANT) for value in fixed.values())
        return cls(field, fixed, simple) if is_constant else general

    def given(self, variables: VariableValues, info: "Info[Any, Any]") -> Given:
        """What the resolver is given this time. Raises what graphql-core and Strawberry raise."""
        if self.fixed is None:
            return self._read(None, variables, info)
        found, coerced = dict(self.fixed), variables.coerced
        for each in self.passed:
            value = coerced.get(each.variable, Undefined)
            is_wrong = each.is_required if value is Undefined else value is None
            if is_wrong and not each.is_nullable:
                return self._read(None, variables, info)
            if value is not Undefined:
                found[each.argument] = value
        return found

    def _read(
        self,
        only: list[ArgumentNode] | None,
        variables: VariableValues,
        info: "Info[Any, Any]",
        without: tuple[Passed, ...] = (),
    ) -> dict[str, Any]:
        """All of them, or those that are written in *only* and by default, *without* others."""
        definition, node, schema = self.field.definition, self.field.nodes[0].node, info.schema
        if only is not None:
            node = _with(node, only)
            required = {each.written for each in without if each.is_required}
            definition = copy(definition)
            definition.args = {
                name: each for name, each in definition.args.items() if name not in required
            }
        return convert_arguments(
            get_argument_values(definition, node, variables),
            self.field.made.arguments,
            scalar_registry=schema.schema_converter.scalar_registry,
            config=schema.config,
            info=info,
        )


def _passed(node: ArgumentNode, field: Field, info: "Info[Any, Any]") -> Passed | None:
    """The argument, if its value is one variable of a type that nothing converts."""
    type = field.definition.args[node.name.value].type
    bare = type.of_type if isinstance(type, GraphQLNonNull) else type
    is_plain = isinstance(bare, GraphQLScalarType) and is_specified_scalar_type(bare)
    if not isinstance(node.value, VariableNode) or not is_plain:
        return None
    name_of = info.schema.config.name_converter.from_argument
    found: list[StrawberryArgument] = [
        each for each in field.made.arguments if name_of(each) == node.name.value
    ]
    if not found:
        return None
    is_required = is_required_argument(field.definition.args[node.name.value])
    name, variable = found[0].python_name, node.value.name.value
    return Passed(node.name.value, name, variable, bare is type, is_required)


def _with(node: FieldNode, arguments: list[ArgumentNode]) -> FieldNode:
    """The same field with those arguments only."""
    return FieldNode(name=node.name, arguments=tuple(arguments), directives=(), loc=node.loc)


def is_varied(field: Field) -> bool:
    """Whether variables have a say in the arguments of a field."""
    return any(_has_variables(each) for each in field.nodes[0].node.arguments or ())


def _has_variables(node: ArgumentNode) -> bool:
    found = _Variables()
    visit(node, found)
    return found.are_there


class _Variables(Visitor):
    def __init__(self) -> None:
        super().__init__()
        self.are_there = False

    def enter_variable(self, _node: VariableNode, *_: object) -> None:
        self.are_there = True
