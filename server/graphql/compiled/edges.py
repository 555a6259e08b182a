"""Fields that are resolved: what is the same each time is worked out once for a plan."""

from collections.abc import Callable
from dataclasses import dataclass, replace
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

from server.graphql.compiled.arguments import Arguments, Given, is_varied
from server.graphql.compiled.plans import Field, NotCovered, Straight


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
    same: Given | None
    """The arguments, where they are the same each time."""
    call: Callable[..., Any]
    """The resolver itself: for a list of parents, or for one."""
    parent: str | None
    """What the resolver of one parent calls it, if it asks for it."""
    told: str | None
    """What it calls what it is told."""
    is_batched: bool
    """Whether it answers for a list of parents."""
    straight: Straight | None
    """How one parent is answered without waiting, if that is possible with its arguments."""

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
        resolver = field.made.base_resolver
        if resolver is None or field.made.extensions:
            raise NotCovered(field.key)
        parents = (resolver.parent_parameter, resolver.root_parameter, resolver.self_parameter)
        parent = next((one.name for one in parents if one is not None), None)
        told = resolver.info_parameter
        call: Callable[..., Any] = field.many or cast("Any", resolver.wrapped_func)
        name = told.name if told else None
        is_batched = field.many is not None
        edge = cls(field, before, Arguments(field), None, call, parent, name, is_batched, None)
        arguments = Arguments.of(field, Told(edge, VariableValues({}, {}), None))
        same = None if arguments.passed else arguments.fixed
        return replace(edge, arguments=arguments, same=same, straight=_straight(field, same))


def _straight(field: Field, same: Given | None) -> Straight | None:
    found = field.straight
    if found is None or is_varied(field):
        return found
    return found if same is not None and found.takes(same) else None


class Told(Info):
    """What a resolver is told.

    The context is at hand, as every resolver asks for it; all else is put together when asked for.
    No resolver here starts work that nobody awaits.
    """

    # In the place of Strawberry's property.
    context = None

    def __init__(self, edge: Edge, variables: VariableValues, context: object) -> None:
        self.context = context
        self._edge = edge
        self._variables = variables

    def __getattr__(self, name: str) -> object:
        """What Strawberry's Info is made of."""
        if name == "_field":
            return self._edge.field.made
        if name == "_raw_info":
            before = self._edge.before
            values = (*before, self._variables, self.context, isawaitable, None, None)
            return GraphQLResolveInfo(*values)
        raise AttributeError(name)
