"""What an operation costs: a bound of the rows it reads and the resolver calls it makes.

The weights and list sizes are those that the printed schema declares with @cost and @listSize.
Source: https://ibm.github.io/graphql-specs/cost-spec.html. The cost is compiled once for each
operation and is then a sum over its variables. What @skip and @include leave out is counted.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    GraphQLError,
    GraphQLField,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLSchema,
    IntValueNode,
    ListValueNode,
    OperationDefinitionNode,
    SelectionSetNode,
    ValueNode,
    VariableNode,
    get_named_type,
    is_abstract_type,
    is_object_type,
)

from resolvers.paging import MOST
from schema.costs import Cost, ListSize
from server.graphql.limits import introspected
from server.graphql.limits.counting import below, fragments_of, merged

Variables = Mapping[str, Any]
Sets = Sequence[SelectionSetNode]


class BadSize(GraphQLError):
    """A page of a size that there is not; nothing was executed."""

    def __init__(self, name: str, size: int, node: FieldNode) -> None:
        super().__init__(
            f"{name} must be from 1 to {MOST}, not {size}",
            node,
            extensions={"code": "BAD_USER_INPUT"},
        )


@dataclass(frozen=True, slots=True)
class Size:
    """How many entries a list has at most, from its slicing argument."""

    argument: str
    variable: str | None
    given: object
    assumed: int
    node: FieldNode

    def of(self, variables: Variables) -> int:
        """The number of entries. Raises BadSize."""
        value = variables.get(self.variable, self.given) if self.variable else self.given
        if isinstance(value, list):
            return len(value)
        if not isinstance(value, int | float) or value != value // 1:
            # Null is the default. What is no number is refused by whoever reads the variables.
            return self.assumed
        if not 1 <= value <= MOST:
            raise BadSize(self.argument, int(value), self.node)
        return int(value)


@dataclass(frozen=True, slots=True)
class Sum:
    """A cost: what is fixed, what lists multiply, and the dearest of what may be there."""

    fixed: int = 0
    lists: tuple[tuple[Size, "Sum"], ...] = ()
    choices: tuple[tuple["Sum", ...], ...] = ()

    def of(self, variables: Variables) -> int:
        """The cost with these variables. Raises BadSize."""
        total = self.fixed
        for size, each in self.lists:
            total += size.of(variables) * (1 + each.of(variables))
        for choice in self.choices:
            total += max(one.of(variables) for one in choice)
        return total

    def settled(self) -> "Sum":
        """The same, added up if no variable has a say in it; a BadSize is left to be raised."""
        if self.is_steered():
            return self
        try:
            return Sum(self.of({}))
        except BadSize:
            return self

    def is_steered(self) -> bool:
        """Whether a variable has a say in it."""
        below = [each for _, each in self.lists] + [one for each in self.choices for one in each]
        return any(size.variable for size, _ in self.lists) or any(
            each.is_steered() for each in below
        )


def cost(schema: GraphQLSchema, document: DocumentNode, operation: OperationDefinitionNode) -> Sum:
    """The cost of an operation of a valid document; `.of(variables)` is the figure."""
    root = schema.get_root_type(operation.operation)
    assert root is not None
    return _Costing(schema, document, operation).of_type(root, [operation.selection_set]).settled()


def root_fields(document: DocumentNode, operation: OperationDefinitionNode) -> Counter[str]:
    """How often each root field is executed, whatever alias or fragment it hides behind."""
    found = merged([operation.selection_set], fragments_of(document))
    return Counter(nodes[0].name.value for nodes in found.values())


def declared(field: GraphQLField) -> tuple[int, ListSize | None]:
    """The weight of a field and how long a list it is; nothing for what declares nothing."""
    made = field.extensions.get("strawberry-definition")
    directives = made.directives if made else ()
    weights = [int(each.weight) for each in directives if isinstance(each, Cost)]
    sizes = [each for each in directives if isinstance(each, ListSize)]
    return sum(weights), sizes[0] if sizes else None


class _Costing:
    def __init__(
        self, schema: GraphQLSchema, document: DocumentNode, operation: OperationDefinitionNode
    ) -> None:
        self._schema = schema
        self._fragments = fragments_of(document)
        self._defaults = {
            each.variable.name.value: each.default_value
            for each in operation.variable_definitions or ()
        }

    def of_type(self, kind: GraphQLNamedType, sets: Sets) -> Sum:
        """What selections cost of one value of that type."""
        if is_object_type(kind):
            return _together([self._of_field(kind, each) for each in self._fields(kind, sets)])
        if not is_abstract_type(kind):
            return Sum()
        choice = [self.of_type(each, sets) for each in self._schema.get_possible_types(kind)]
        if any(one.lists or one.choices for one in choice):
            return Sum(choices=(tuple(choice),))
        return max(choice, key=lambda one: one.fixed)

    def _of_field(self, parent: GraphQLObjectType, nodes: list[FieldNode]) -> Sum:
        name, sets = nodes[0].name.value, below(nodes)
        field = parent.fields.get(name)
        if field is None:
            is_entry = introspected.is_entry(name)
            return Sum(introspected.cost(self._schema, sets, self._fragments) if is_entry else 0)
        weight, listed = declared(field)
        kind = get_named_type(field.type)
        if listed is None:
            return _together([Sum(weight), self.of_type(kind, sets)])
        size = self._size(listed, nodes[0])
        if not listed.sized_fields:
            return Sum(weight, lists=((size, self.of_type(kind, sets)),))
        return _together([Sum(weight), self._of_page(kind, sets, listed, size)])

    def _of_page(self, page: GraphQLNamedType, sets: Sets, listed: ListSize, size: Size) -> Sum:
        """The rows of a page are read whether or not they are selected."""
        assert is_object_type(page)
        entries: list[Sum] = []
        beside: list[Sum] = []
        for nodes in self._fields(page, sets):
            is_sized = nodes[0].name.value in (listed.sized_fields or ())
            (entries if is_sized else beside).append(self._of_field(page, nodes))
        return _together([Sum(lists=((size, _together(entries)),)), *beside])

    def _size(self, listed: ListSize, node: FieldNode) -> Size:
        for argument in node.arguments or ():
            name = argument.name.value
            if name in (listed.slicing_arguments or ()):
                variable: str | None = None
                value: ValueNode | None = argument.value
                if isinstance(value, VariableNode):
                    variable = value.name.value
                    value = self._defaults.get(variable)
                return Size(name, variable, _literal(value), listed.assumed_size or 0, node)
        return Size("", None, None, listed.assumed_size or 0, node)

    def _fields(self, kind: GraphQLObjectType, sets: Sets) -> list[list[FieldNode]]:
        def fits(condition: str) -> bool:
            other = self._schema.type_map[condition]
            return other is kind or (
                is_abstract_type(other) and self._schema.is_sub_type(other, kind)
            )

        return list(merged(sets, self._fragments, fits).values())


def _literal(value: ValueNode | None) -> object:
    match value:
        case IntValueNode():
            return int(value.value)
        case ListValueNode():
            return list(value.values)
        case _:
            return None


def _together(sums: Sequence[Sum]) -> Sum:
    return Sum(
        sum(each.fixed for each in sums),
        tuple(one for each in sums for one in each.lists),
        tuple(one for each in sums for one in each.choices),
    )
