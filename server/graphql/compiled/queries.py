"""A query of a document, ready to be answered any number of times."""

import itertools
from collections import defaultdict
from collections.abc import Awaitable, Callable
from typing import Any, Final, NamedTuple

from graphql import (
    DirectiveNode,
    DocumentNode,
    FragmentDefinitionNode,
    GraphQLSchema,
    OperationDefinitionNode,
    OperationType,
    VariableNode,
    Visitor,
    visit,
)
from graphql.execution.values import VariableValues, get_variable_values

from server.graphql.compiled.code import Source
from server.graphql.compiled.edges import Edge, Operation
from server.graphql.compiled.plans import NotCovered, Planner, Selection
from server.graphql.compiled.running import Run
from server.graphql.compiled.variables import plain, read

# Each combination of what stands in @skip and @include is a plan of its own.
MOST_PLANS: Final = 4

Made = Callable[[list[object], Run], Awaitable[list[dict[str, Any]]]]


class Plan(NamedTuple):
    """What is executed: the function of the root and its edges."""

    root: Made
    edges: list[Edge]
    asked: frozenset[str]
    """All fields that are resolved, as `Selection.asked` has them."""
    alone: dict[str, Edge]
    """By `Type.field` those with arguments that are asked for at one place only."""
    is_single: bool
    """Whether one field of the root is all that is asked for."""


class Abandoned(Exception):
    """Something went wrong or is not covered: graphql-core knows what to answer."""


class Query:
    """One query operation; its plans are made when they are first needed."""

    def __init__(self, operation: Operation) -> None:
        self._operation = operation
        self._steering = _steering(operation)
        self._simple = plain(operation.schema, operation.node.variable_definitions or ())
        self._plans: dict[tuple[object, ...], Plan | None] = {}

    async def answer(self, context: object, variables: dict[str, Any]) -> dict[str, Any]:
        """The data of an answer without errors. Raises Abandoned."""
        known = self._variables(variables)
        plan = self.plan(known)
        run = Run(plan.edges, known, context)
        # A context may be told beforehand which fields will be resolved.
        foresee = getattr(context, "foresee", None)
        try:
            if foresee is not None:
                given = {name: run.told(edge)[1] for name, edge in plan.alone.items()}
                foresee(plan.asked, given, is_single=plan.is_single)
            answers = await plan.root([None], run)
        except Exception as error:
            raise Abandoned from error
        return answers[0]

    def source(self) -> str:
        """The generated code for the case that nothing is steered by variables."""
        return "\n".join(self._source(self._selection(VariableValues({}, {}))).lines)

    def _variables(self, given: dict[str, Any]) -> VariableValues:
        declared = self._operation.node.variable_definitions or ()
        simple = None if self._simple is None else read(self._simple, given)
        if simple is not None:
            return simple
        found = get_variable_values(self._operation.schema, declared, given)
        if isinstance(found, list):
            raise Abandoned
        return found

    def plan(self, variables: VariableValues) -> Plan:
        """What is executed with such variables, made the first time. Raises Abandoned."""
        steered = tuple(variables.coerced.get(name) for name in self._steering)
        if steered not in self._plans:
            if len(self._plans) == MOST_PLANS:
                raise Abandoned
            self._plans[steered] = self._planned(variables)
        plan = self._plans[steered]
        if plan is None:
            raise Abandoned
        return plan

    def _planned(self, variables: VariableValues) -> Plan | None:
        try:
            selection = self._selection(variables)
            source = self._source(selection)
        except NotCovered:
            return None
        names = source.names
        # Everything in the source is made of names of the schema and literals of their keys.
        exec(compile("\n".join(source.lines), "<query>", "exec"), names)  # noqa: S102
        edges = source.edges
        return Plan(
            names["root"],
            edges,
            frozenset(selection.asked()),
            _alone(selection, edges),
            is_single=len(selection.fields) == 1,
        )

    def _selection(self, variables: VariableValues) -> Selection:
        operation = self._operation
        planner = Planner(operation.schema, operation.fragments, operation.node, variables)
        return planner.planned()

    def _source(self, selection: Selection) -> Source:
        source = Source(self._operation)
        source.lines.append(f"root = {source.root(selection)}")
        return source


def _alone(selection: Selection, edges: list[Edge]) -> dict[str, Edge]:
    """By their names those that have arguments, and no other field beside them has the name."""
    places = {id(field) for field in selection.alone() if field.many and field.definition.args}
    alone: dict[str, list[Edge]] = defaultdict(list)
    for edge in edges:
        if id(edge.field) in places:
            alone[f"{edge.field.parent.name}.{edge.field.definition_name}"].append(edge)
    return {name: found[0] for name, found in alone.items() if len(found) == 1}


def compiled(
    schema: GraphQLSchema, document: DocumentNode, node: OperationDefinitionNode
) -> Query | None:
    """The query; None for what is no query. The document must have been validated."""
    if node.operation is not OperationType.QUERY:
        return None
    fragments = {
        one.name.value: one
        for one in document.definitions
        if isinstance(one, FragmentDefinitionNode)
    }
    return Query(Operation(schema, fragments, node))


def _steering(operation: Operation) -> tuple[str, ...]:
    """The variables that decide what is asked for."""
    found = _Conditions()
    for node in itertools.chain([operation.node], operation.fragments.values()):
        visit(node, found)
    return tuple(sorted(found.names))


class _Conditions(Visitor):
    def __init__(self) -> None:
        super().__init__()
        self.names: set[str] = set()

    def enter_directive(self, node: DirectiveNode, *_: object) -> None:
        for argument in node.arguments or ():
            if isinstance(argument.value, VariableNode):
                self.names.add(argument.value.name.value)
