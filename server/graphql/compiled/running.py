"""What generated code calls: the resolvers, once for a level where they can."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from dataclasses import dataclass
from inspect import isawaitable
from typing import Any, Protocol, runtime_checkable

from graphql import (
    FragmentDefinitionNode,
    GraphQLResolveInfo,
    GraphQLSchema,
    OperationDefinitionNode,
)
from graphql.execution.values import VariableValues, get_argument_values
from graphql.pyutils import Path
from strawberry import Info
from strawberry.types.arguments import convert_arguments

from server.graphql.compiled.leaves import NotWritten
from server.graphql.compiled.plans import Field

Made = Callable[[Sequence[Any], "Run"], Coroutine[Any, Any, list[Any]]]


@runtime_checkable
class Foreseeing(Protocol):
    """A context that is told beforehand which fields will be resolved."""

    def foresee(self, asked: frozenset[str]) -> None: ...


@dataclass(frozen=True, slots=True)
class Operation:
    """What stays the same each time that it is executed."""

    schema: GraphQLSchema
    fragments: dict[str, FragmentDefinitionNode]
    node: OperationDefinitionNode


@dataclass(frozen=True, slots=True)
class Run:
    """One execution."""

    operation: Operation
    edges: Sequence[Field]
    variables: VariableValues
    context: object

    async def many(self, edge: int, parents: Sequence[Any]) -> Sequence[Any]:
        """One call for all parents."""
        field = self.edges[edge]
        assert field.many is not None
        if not parents:
            return []
        info = self._info(field)
        found = await field.many(parents, info, **self._converted(field, info))
        if len(found) != len(parents):
            raise NotWritten(field.key)
        return found  # type: ignore[no-any-return] # A resolver says what it returns.

    async def each(self, edge: int, parents: Sequence[Any]) -> Sequence[Any]:
        """One call for each parent, all at the same time."""
        field = self.edges[edge]
        resolve = field.definition.resolve
        assert resolve is not None
        arguments, info = self._arguments(field), self._raw_info(field)
        found = [resolve(parent, info, **arguments) for parent in parents]
        waiting = [value for value in found if isawaitable(value)]
        if not waiting:
            return found
        came = iter(await self.together(*waiting))
        return [next(came) if isawaitable(value) else value for value in found]

    async def together(self, *asked: Awaitable[Any]) -> Sequence[Any]:
        """All answers; when one fails, the others are ended and the failure rises."""
        if len(asked) == 1:
            return [await asked[0]]
        tasks = [asyncio.ensure_future(one) for one in asked]
        try:
            return await asyncio.gather(*tasks)
        except BaseException:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            raise

    async def sorted(self, values: Sequence[Any], makers: dict[type, Made]) -> list[Any]:
        """What the maker of each value's class makes of it, in the same order."""
        places: dict[type, list[int]] = {}
        for place, value in enumerate(values):
            places.setdefault(value.__class__, []).append(place)
        found: list[Any] = [None] * len(values)
        for of, here in places.items():
            made = await makers[of]([values[place] for place in here], self)
            for place, one in zip(here, made, strict=True):
                found[place] = one
        return found

    def _arguments(self, field: Field) -> dict[str, Any]:
        if not field.definition.args:
            return {}
        return get_argument_values(field.definition, field.nodes[0].node, self.variables)

    def _converted(self, field: Field, info: "Info[Any, Any]") -> dict[str, Any]:
        if not field.definition.args:
            return {}
        schema = info.schema
        return convert_arguments(
            self._arguments(field),
            field.made.arguments,
            scalar_registry=schema.schema_converter.scalar_registry,
            config=schema.config,
            info=info,
        )

    def _info(self, field: Field) -> "Info[Any, Any]":
        return Info(_raw_info=self._raw_info(field), _field=field.made)

    def _raw_info(self, field: Field) -> "GraphQLResolveInfo[Any]":
        """The path names the field and no place in lists: it is asked for several at once."""
        return GraphQLResolveInfo(
            field.nodes[0].node.name.value,
            [details.node for details in field.nodes],
            field.type,
            field.parent,
            Path(None, field.key, field.parent.name),
            self.operation.schema,
            self.operation.fragments,
            None,
            self.operation.node,
            self.variables,
            self.context,
            isawaitable,  # type: ignore[arg-type] # It tells a little more than is asked for.
            None,
            None,  # type: ignore[arg-type] # No resolver here starts work that nobody awaits.
        )
