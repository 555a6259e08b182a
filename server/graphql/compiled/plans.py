"""What a query asks for, with fragments and directives resolved."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias, cast

from graphql import (
    FragmentDefinitionNode,
    GraphQLField,
    GraphQLNamedOutputType,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLSchema,
    OperationDefinitionNode,
    get_named_type,
    is_abstract_type,
    is_leaf_type,
    is_object_type,
)
from graphql.execution.collect_fields import (
    FieldDetails,
    FragmentDetails,
    GroupedFieldSet,
    collect_fields,
    collect_subfields,
)
from graphql.execution.values import VariableValues
from strawberry.types.field import StrawberryField

DEFINITION = "strawberry-definition"
TYPENAME = "__typename"
# By this name a class may tell what its attributes only pass on: `{"title": "row.title"}`.
READS = "__reads__"

Class: TypeAlias = type


class Straight(Protocol):
    """How a field of one parent is answered without waiting, where its resolver tells.

    *make* takes the parent, what is read of it, the context by its name, and the arguments.
    """

    @property
    def make(self) -> Callable[..., Any]: ...

    @property
    def is_told(self) -> bool:
        """Whether it takes the context."""
        ...

    @property
    def reads(self) -> str | None:
        """Where in the parent it lies, as `row.liked`: its last attribute may be missing there."""
        ...

    def takes(self, arguments: Mapping[str, Any]) -> bool:
        """Whether it answers for a field with such arguments."""
        ...


class NotCovered(Exception):
    """The query asks for what is left to graphql-core."""


@dataclass(frozen=True, slots=True)
class Field:
    """One entry of the answer."""

    key: str
    type: GraphQLOutputType
    nodes: list[FieldDetails]
    parent: GraphQLObjectType
    definition: GraphQLField
    made: StrawberryField
    below: tuple["Selection", ...]
    """What is asked of each object type that the value can have; empty for a leaf."""

    @property
    def many(self) -> Callable[..., Any] | None:
        """What answers for a list of parents with one call."""
        resolver = self.made.base_resolver
        return getattr(resolver.wrapped_func, "many", None) if resolver else None

    @property
    def straight(self) -> Straight | None:
        """What answers for one parent without waiting, perhaps."""
        resolver = self.made.base_resolver
        return getattr(resolver.wrapped_func, "straight", None) if resolver else None

    @property
    def definition_name(self) -> str:
        """Its name in the schema, whatever the answer calls it."""
        return self.nodes[0].node.name.value

    @property
    def is_attribute(self) -> bool:
        """Whether the value lies in the parent."""
        return self.made.is_basic_field

    @property
    def needs_asking(self) -> bool:
        """Whether anything at or below the field has to be awaited."""
        return not self.is_attribute or any(one.needs_asking for one in self.below)


@dataclass(frozen=True, slots=True)
class Selection:
    """What is asked of objects of one type."""

    type: GraphQLObjectType
    entries: tuple[Field | str, ...]
    """In the order of the answer; a text is the key of a `__typename`."""

    @property
    def fields(self) -> list[Field]:
        """The entries but `__typename`."""
        return [entry for entry in self.entries if isinstance(entry, Field)]

    @property
    def needs_asking(self) -> bool:
        """Whether anything of it has to be awaited."""
        return any(field.needs_asking for field in self.fields)

    def asked(self) -> set[str]:
        """The fields that are resolved: `Type.field`, and below one of those `Type.field.field`."""
        found: set[str] = set()
        for one in self.fields:
            name = f"{self.type.name}.{one.definition_name}"
            for below in one.below:
                found |= below.asked()
                if not one.is_attribute:
                    found.update(
                        f"{name}.{each.definition_name}"
                        for each in below.fields
                        if not each.is_attribute
                    )
            if not one.is_attribute:
                found.add(name)
        return found

    def alone(self) -> list[Field]:
        """The fields of those types of which objects are asked for at one place only."""
        places: dict[str, list[Selection]] = {}
        waiting = [self]
        while waiting:
            one = waiting.pop()
            places.setdefault(one.type.name, []).append(one)
            waiting += [below for field in one.fields for below in field.below]
        return [field for found in places.values() if len(found) == 1 for field in found[0].fields]

    def reads(self, field: Field) -> str | None:
        """What is read of an object for a field: for an attribute, what that itself would read."""
        if not field.is_attribute:
            return field.straight.reads if field.straight else None
        name = field.made.python_name
        passed_on: Mapping[str, str] = getattr(self.origin, READS, {})
        return passed_on.get(name, name)

    @property
    def origin(self) -> "Class":
        """The class of the objects."""
        return cast("Class", self.type.extensions[DEFINITION].origin)


@dataclass(frozen=True, slots=True)
class Planner:
    """Plans one operation with the values that its variables have in @skip and @include."""

    schema: GraphQLSchema
    fragments: Mapping[str, FragmentDefinitionNode]
    operation: OperationDefinitionNode
    variables: VariableValues

    def planned(self) -> Selection:
        """What is asked of the root. Raises NotCovered."""
        root = self.schema.query_type
        assert root is not None
        details = {name: FragmentDetails(node) for name, node in self.fragments.items()}
        found = collect_fields(self.schema, details, self.variables, root, self.operation)
        return self._selection(root, found.grouped_field_set)

    def _selection(self, type: GraphQLObjectType, grouped: GroupedFieldSet) -> Selection:
        return Selection(
            type, tuple(self._entry(type, key, nodes) for key, nodes in grouped.items())
        )

    def _entry(self, parent: GraphQLObjectType, key: str, nodes: list[FieldDetails]) -> Field | str:
        name = nodes[0].node.name.value
        if name == TYPENAME:
            return key
        definition = parent.fields.get(name)
        made = definition.extensions.get(DEFINITION) if definition else None
        if definition is None or not isinstance(made, StrawberryField) or made.extensions:
            raise NotCovered(f"{parent.name}.{name}")
        below = self._below(get_named_type(definition.type), nodes)
        return Field(key, definition.type, nodes, parent, definition, made, below)

    def _below(
        self, named: GraphQLNamedOutputType, nodes: list[FieldDetails]
    ) -> tuple[Selection, ...]:
        if is_leaf_type(named):
            return ()
        return tuple(
            self._selection(type, self._grouped(type, nodes)) for type in self._types(named)
        )

    def _types(self, named: GraphQLNamedOutputType) -> Sequence[GraphQLObjectType]:
        if is_abstract_type(named):
            return self.schema.get_possible_types(named)
        assert is_object_type(named)
        return [named]

    def _grouped(self, type: GraphQLObjectType, nodes: list[FieldDetails]) -> GroupedFieldSet:
        details = {name: FragmentDetails(node) for name, node in self.fragments.items()}
        found = collect_subfields(self.schema, details, self.variables, self.operation, type, nodes)
        return found.grouped_field_set
