"""Documents that clients send: parsed and validated once, however often they come."""

from collections import OrderedDict
from dataclasses import dataclass
from typing import Final

from graphql import (
    DocumentNode,
    GraphQLError,
    GraphQLSchema,
    GraphQLSyntaxError,
    OperationDefinitionNode,
    OperationType,
    parse,
    validate,
)
from graphql.language import (
    FieldNode,
    IntValueNode,
    StringValueNode,
    ValueNode,
    Visitor,
    VisitorAction,
    visit,
)
from graphql.language.visitor import BREAK

MAX_TOKENS: Final = 5_000
MAX_ERRORS: Final = 10
# A parsed document takes about 500 bytes for each of its characters.
KEPT_CHARACTERS: Final = 100_000
LONGEST_KEPT: Final = 10_000
# Python refuses to read an integer of more than 4,300 digits.
LONGEST_INTEGER: Final = 100


@dataclass(frozen=True, slots=True)
class Document:
    """A document, or why it cannot be executed."""

    ast: DocumentNode | None
    errors: tuple[GraphQLError, ...]

    def operation(self, name: str | None) -> OperationDefinitionNode | None:
        """The operation of that name; without a name the only one."""
        operations = [
            node
            for node in (self.ast.definitions if self.ast else ())
            if isinstance(node, OperationDefinitionNode)
            and (name is None or (node.name is not None and node.name.value == name))
        ]
        return operations[0] if len(operations) == 1 else None


class Documents:
    """The documents of one schema."""

    def __init__(self, schema: GraphQLSchema) -> None:
        self._schema = schema
        # The one that was not used for the longest time comes first.
        self._kept: OrderedDict[str, Document] = OrderedDict()
        self._characters = 0

    def of(self, text: str) -> Document:
        """The document; one that can be executed is remembered, unless it crowds out others."""
        known = self._kept.get(text)
        if known is not None:
            self._kept.move_to_end(text)
            return known
        document = self._of(text)
        if not document.errors and len(text) <= LONGEST_KEPT:
            self._keep(text, document)
        return document

    def _keep(self, text: str, document: Document) -> None:
        self._kept[text] = document
        self._characters += len(text)
        while self._characters > KEPT_CHARACTERS:
            oldest, _ = self._kept.popitem(last=False)
            self._characters -= len(oldest)

    def _of(self, text: str) -> Document:
        try:
            ast = parse(text, max_tokens=MAX_TOKENS, no_location=False)
        except GraphQLSyntaxError as error:
            return Document(None, (error,))
        unfit = _Unfit()
        visit(ast, unfit)
        errors = unfit.errors or validate(self._schema, ast, max_errors=MAX_ERRORS)
        return Document(ast, tuple(errors))


class _Unfit(Visitor):
    """Finds the first value that the grammar allows and that cannot be read or stored."""

    def __init__(self) -> None:
        super().__init__()
        self.errors: list[GraphQLError] = []

    def enter_string_value(self, node: StringValueNode, *_: object) -> VisitorAction:
        return self._refuse(node, "texts must not hold NUL") if "\0" in node.value else None

    def enter_int_value(self, node: IntValueNode, *_: object) -> VisitorAction:
        is_long = len(node.value) > LONGEST_INTEGER
        return self._refuse(node, "an integer has too many digits") if is_long else None

    def _refuse(self, node: ValueNode, message: str) -> VisitorAction:
        self.errors.append(GraphQLError(message, node))
        return BREAK


def label(operation: OperationDefinitionNode) -> str:
    """What an operation is called in logs and metrics: its only root field, so that clients
    cannot make up as many names as they like.
    """
    fields = [node for node in operation.selection_set.selections if isinstance(node, FieldNode)]
    names = {field.name.value for field in fields}
    is_one = len(names) == 1 and len(fields) == len(operation.selection_set.selections)
    return names.pop() if is_one else "several"


def is_write(operation: OperationDefinitionNode) -> bool:
    """Whether executing it changes anything."""
    return operation.operation is OperationType.MUTATION


def is_subscription(operation: OperationDefinitionNode) -> bool:
    """Whether it has many answers."""
    return operation.operation is OperationType.SUBSCRIPTION
