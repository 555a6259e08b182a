"""Counts what a document holds once its fragments are put in place, without putting them there.

Each fragment is counted once, however often it is spread, so that the time is linear in the
document. A fragment that is unknown or spreads itself counts as nothing: validation names it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
)

from server.graphql.limits.figures import Exceeded, Limits

Definition = OperationDefinitionNode | FragmentDefinitionNode
Fragments = dict[str, FragmentDefinitionNode]


@dataclass(slots=True)
class Counts:
    """What selections hold, with all that their fragments hold."""

    depth: int = 0
    fields: int = 0
    aliases: int = 0
    directives: int = 0
    root_fields: int = 0

    def add(self, other: "Counts") -> None:
        """Count what stands beside as well."""
        self.depth = max(self.depth, other.depth)
        self.fields += other.fields
        self.aliases += other.aliases
        self.directives += other.directives
        self.root_fields += other.root_fields

    def below(self, field: FieldNode) -> "Counts":
        """The same seen from the field that holds it."""
        return Counts(
            depth=self.depth + 1,
            fields=self.fields + 1,
            aliases=self.aliases + (field.alias is not None),
            directives=self.directives,
            root_fields=1,
        )


def refused(document: DocumentNode, limits: Limits) -> Exceeded | None:
    """The first limit that the document exceeds; None when it may be validated."""
    try:
        _check(document, limits)
    except Exceeded as exceeded:
        return exceeded
    return None


def _check(document: DocumentNode, limits: Limits) -> None:
    operations = [
        each for each in document.definitions if isinstance(each, OperationDefinitionNode)
    ]
    named = sum(isinstance(each, FragmentDefinitionNode) for each in document.definitions)
    _require("TOO_MANY_OPERATIONS", "operations in a document", limits.operations, len(operations))
    _require("TOO_MANY_FRAGMENTS", "fragments in a document", limits.fragments, named)
    fragments = fragments_of(document)
    counting = _Counting(fragments)
    for operation in operations:
        _check_counts(operation, counting.of_definition(operation), limits)
        _check_repeated(operation, fragments, limits)


def fragments_of(document: DocumentNode) -> Fragments:
    """The fragments by their names; of several with one name the first."""
    found: Fragments = {}
    for node in document.definitions:
        if isinstance(node, FragmentDefinitionNode):
            found.setdefault(node.name.value, node)
    return found


def _check_counts(operation: OperationDefinitionNode, counts: Counts, limits: Limits) -> None:
    for code, what, most, found in (
        ("TOO_DEEP", "levels of fields", limits.depth, counts.depth),
        ("TOO_MANY_FIELDS", "fields in an operation", limits.fields, counts.fields),
        ("TOO_MANY_ALIASES", "aliases in an operation", limits.aliases, counts.aliases),
        ("TOO_MANY_DIRECTIVES", "directives in an operation", limits.directives, counts.directives),
        (
            "TOO_MANY_ROOT_FIELDS",
            "fields at the root of an operation",
            limits.root_fields,
            counts.root_fields,
        ),
    ):
        _require(code, what, most, found, operation)


def _require(
    code: str, what: str, most: int, found: int, operation: OperationDefinitionNode | None = None
) -> None:
    if found > most:
        # Fragments that double each other reach figures of many digits, which nobody reads.
        told = found if found < 10**9 else None
        raise Exceeded(code, what, most, told, operation)


class _Counting:
    def __init__(self, fragments: Fragments) -> None:
        self._fragments = fragments
        self._known: dict[str, Counts] = {}

    def of_definition(self, definition: Definition) -> Counts:
        counts = self._of(definition.selection_set)
        counts.directives += len(definition.directives or ())
        return counts

    def _of(self, selections: SelectionSetNode | None) -> Counts:
        counts = Counts()
        for node in selections.selections if selections else ():
            match node:
                case FieldNode():
                    counts.add(self._of(node.selection_set).below(node))
                case InlineFragmentNode():
                    counts.add(self._of(node.selection_set))
                case FragmentSpreadNode():
                    counts.add(self._fragment(node.name.value))
                    # A spread is work like a field, also when it leads nowhere.
                    counts.fields += 1
            counts.directives += len(node.directives or ())
        return counts

    def _fragment(self, name: str) -> Counts:
        if name not in self._known:
            # While it is being counted, a spread of itself is nothing.
            self._known[name] = Counts()
            definition = self._fragments.get(name)
            if definition:
                self._known[name] = self.of_definition(definition)
        return self._known[name]


def _check_repeated(
    operation: OperationDefinitionNode, fragments: Fragments, limits: Limits
) -> None:
    """Raises Exceeded when too many fields stand for one place in the answer.

    Validation compares each of them with each other. The walk has no more steps than there
    are fields after expansion, which are counted before.
    """
    waiting = [[operation.selection_set]]
    while waiting:
        for name, nodes in merged(waiting.pop(), fragments).items():
            if len(nodes) > limits.repeated_fields:
                what = f"fields that answer to one name, here {name[:40]}"
                raise Exceeded(
                    "TOO_MANY_REPEATED_FIELDS", what, limits.repeated_fields, len(nodes), nodes[0]
                )
            sets = below(nodes)
            if sets:
                waiting.append(sets)


def _always(_condition: str) -> bool:
    return True


def merged(
    sets: Sequence[SelectionSetNode], fragments: Fragments, fits: Callable[[str], bool] = _always
) -> dict[str, list[FieldNode]]:
    """The fields of one level by the name they answer to; *fits* decides on type conditions."""
    found: dict[str, list[FieldNode]] = {}
    spread: set[str] = set()
    waiting = list(reversed(sets))
    while waiting:
        for node in waiting.pop().selections:
            match node:
                case FieldNode():
                    name = node.alias.value if node.alias else node.name.value
                    found.setdefault(name, []).append(node)
                case InlineFragmentNode():
                    condition = node.type_condition
                    if condition is None or fits(condition.name.value):
                        waiting.append(node.selection_set)
                case FragmentSpreadNode() if node.name.value not in spread:
                    spread.add(node.name.value)
                    definition = fragments.get(node.name.value)
                    if definition and fits(definition.type_condition.name.value):
                        waiting.append(definition.selection_set)
    return found


def below(nodes: Sequence[FieldNode]) -> list[SelectionSetNode]:
    """What fields that answer to one name select."""
    return [node.selection_set for node in nodes if node.selection_set]
