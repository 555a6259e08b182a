"""Fields that are resolved: what is the same each time is worked out once for a plan."""

from collections.abc import Callable
from dataclasses import dataclass
from inspect import isawaitable
from typing import Any, Self, cast

from graphql import (
    FragmentDefinitionNode,
    GraphQLResolveInfo,
    GraphQLSchema,
    OperationDefinitionNode,
)
from graphql.execution.values import VariableValues
from graphql.pyutils import Path
from strawberry import Info

from server.graphql.compiled.arguments import Arguments
from server.graphql.compiled.plans import Field, NotCovered


@dataclass(frozen=True, slots=True)
class Operation:
    """What stays the same each time that it is executed."""

    schema: GraphQLSchema
    fragments: dict[str, FragmentDefinitionNode]
    node: OperationDefinitionNode


@dataclass(frozen=True, slots=True)
class Edge:
    """One field that is resolved, ready to be asked."""

    field: Field
    before: tuple[Any, ...]
    """What a resolver is told, up to what differs each time."""
    arguments: Arguments
    call: Callable[..., Any]
    """The resolver itself: for a list of parents, or for one."""
    parent: str | None
    """What the resolver of one parent calls it, if it asks for it."""
    told: str | None
    """What it calls what it is told."""

    @classmethod
    def of(cls, field: Field, operation: Operation) -> Self:
        """The edge. Its path names the field and no place in lists: it is asked for several."""
        before = (
            field.definition_name,
            [details.node for details in field.nodes],
            field.type,
            field.parent,
            Path(None, field.key, field.parent.name),
            operation.schema,
            operation.fragments,
            None,
            operation.node,
        )
        info = _info(field, before, VariableValues({}, {}), None)
        resolver = field.made.base_resolver
        if resolver is None or field.made.extensions:
            raise NotCovered(field.key)
        parents = (resolver.parent_parameter, resolver.root_parameter, resolver.self_parameter)
        parent = next((one.name for one in parents if one is not None), None)
        told = resolver.info_parameter
        call: Callable[..., Any] = field.many or cast("Any", resolver.wrapped_func)
        arguments = Arguments.of(field, info)
        return cls(field, before, arguments, call, parent, told.name if told else None)

    def info(self, variables: VariableValues, context: object) -> "Info[Any, Any]":
        """What a resolver is told."""
        return _info(self.field, self.before, variables, context)


def _info(
    field: Field, before: tuple[Any, ...], variables: VariableValues, context: object
) -> "Info[Any, Any]":
    # A named tuple that is made at once. No resolver here starts work that nobody awaits.
    values = (*before, variables, context, isawaitable, None, None)
    return Info(_raw_info=tuple.__new__(GraphQLResolveInfo, values), _field=field.made)
