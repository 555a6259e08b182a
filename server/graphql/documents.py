"""Documents that clients send: parsed and validated once, however often they come."""

import asyncio
from collections import Counter, OrderedDict
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Final, TypeVar

from graphql import (
    DocumentNode,
    GraphQLError,
    GraphQLSchema,
    GraphQLSyntaxError,
    OperationDefinitionNode,
    OperationType,
    OverlappingFieldsCanBeMergedRule,
    parse,
    specified_rules,
    validate,
)
from graphql.language import FieldNode, IntValueNode, Node, StringValueNode

from server.graphql.compiled import MOST_PLANS, Query, compiled
from server.graphql.limits import Exceeded, Limits, tokens
from server.graphql.limits.cost import Sum, cost, root_fields
from server.graphql.limits.counting import refused
from server.graphql.limits.introspected import is_entry
from storage.reached import Unavailable

Made = TypeVar("Made")

MAX_ERRORS: Final = 10
# graphql-core says that it gave up in an error more.
_FEWER: Final = MAX_ERRORS - 1
# Python refuses to read an integer of more than 4,300 digits.
LONGEST_INTEGER: Final = 100
# Measured with tracemalloc: an entry of the cache, and each node of its document.
BYTES_A_DOCUMENT: Final = 2_000
BYTES_A_NODE: Final = 300
# The same for each node of a plan; what variables skip or include has a plan for each case.
BYTES_A_PLANNED_NODE: Final = 600
# What is longer may take more than a moment: it is read beside the event loop.
SHORT: Final = 1_000
MOST_WAITING: Final = 64

# The one rule that compares fields with each other reads only what is otherwise valid.
_FIRST: Final = tuple(
    rule for rule in specified_rules if rule is not OverlappingFieldsCanBeMergedRule
)


@dataclass(frozen=True, slots=True)
class Priced:
    """What is known of an operation before it is executed."""

    node: OperationDefinitionNode
    name: str
    """What it is called in logs and metrics."""
    cost: Sum
    root_fields: Counter[str]
    query: Query | None
    is_write: bool
    is_subscription: bool


@dataclass(frozen=True, slots=True)
class Document:
    """A document, or why it cannot be executed."""

    ast: DocumentNode | None
    errors: tuple[GraphQLError, ...] = ()
    bytes: int = 0
    _priced: dict[str | None, Priced] = field(default_factory=dict)

    def operation(self, schema: GraphQLSchema, name: str | None) -> Priced | None:
        """The operation of that name, weighed once; without a name the only one."""
        known = self._priced.get(name)
        if known is None:
            node = self._operation(name)
            if node is not None:
                # It may be asked for by its name, or by none because it is the only one.
                own = node.name.value if node.name else None
                known = self._priced.get(own) or self._weighed(schema, node)
                self._priced[name] = self._priced[own] = known
        return known

    def _operation(self, name: str | None) -> OperationDefinitionNode | None:
        operations = [
            node
            for node in (self.ast.definitions if self.ast else ())
            if isinstance(node, OperationDefinitionNode)
            and (name is None or (node.name is not None and node.name.value == name))
        ]
        return operations[0] if len(operations) == 1 else None

    def _weighed(self, schema: GraphQLSchema, node: OperationDefinitionNode) -> Priced:
        assert self.ast is not None
        return Priced(
            node,
            f"{node.operation.value} {label(node)}",
            cost(schema, self.ast, node),
            root_fields(self.ast, node),
            compiled(schema, self.ast, node),
            is_write=node.operation is OperationType.MUTATION,
            is_subscription=node.operation is OperationType.SUBSCRIPTION,
        )


class Documents:
    """The documents of one schema."""

    def __init__(self, schema: GraphQLSchema, limits: Limits | None = None) -> None:
        self._schema = schema
        self._limits = limits or Limits()
        # The one that was not used for the longest time comes first.
        self._kept: OrderedDict[str, Document] = OrderedDict()
        self._bytes = 0
        self._reader = ThreadPoolExecutor(1, thread_name_prefix="documents")
        self._waiting = 0

    def close(self) -> None:
        """Finish what is being read."""
        self._reader.shutdown(wait=False, cancel_futures=True)

    def known(self, text: str) -> Document | None:
        """The document, if it is remembered."""
        known = self._kept.get(text)
        if known is not None:
            self._kept.move_to_end(text)
        return known

    async def of(self, text: str) -> Document:
        """The document; one that can be executed is remembered, unless it crowds out others.

        Raises Unavailable when too many long ones wait to be read.
        """
        known = self.known(text)
        if known is not None:
            return known
        short = len(text) <= SHORT
        document = self._of(text) if short else await self.beside(lambda: self._of(text))
        if not document.errors and text not in self._kept:
            self._keep(text, document)
        return document

    async def beside(self, work: Callable[[], Made]) -> Made:
        """What *work* makes in a thread of its own, one after another.

        Raises Unavailable when too much of it waits.
        """
        if self._waiting >= MOST_WAITING:
            raise Unavailable("too many documents wait to be read")
        self._waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._reader, work)
        finally:
            self._waiting -= 1

    def _keep(self, text: str, document: Document) -> None:
        self._kept[text] = document
        self._bytes += document.bytes
        while self._bytes > self._limits.cache_bytes:
            _, oldest = self._kept.popitem(last=False)
            self._bytes -= oldest.bytes

    def _of(self, text: str) -> Document:
        try:
            return self._read(text)
        except GraphQLError as error:
            return Document(None, (error,))
        except RecursionError:
            # Only what is nested far deeper than admitted needs a stack of that size.
            return Document(None, (Exceeded("TOO_DEEP", "levels of fields", self._limits.depth),))

    def _read(self, text: str) -> Document:
        limits, size = self._limits, len(text.encode())
        if size > limits.document_bytes:
            raise Exceeded("DOCUMENT_TOO_LARGE", "bytes of a document", limits.document_bytes, size)
        ast = _parsed(text, limits)
        exceeded = refused(ast, limits)
        if exceeded is not None:
            raise exceeded
        nodes = 0
        for node in _nodes(ast):
            nodes += 1
            _require_fit(node, limits)
        planned = BYTES_A_PLANNED_NODE * (MOST_PLANS if "@" in text else 1)
        weight = BYTES_A_DOCUMENT + (BYTES_A_NODE + planned) * nodes + 4 * len(text)
        return Document(ast, self._invalid(ast), weight)

    def _invalid(self, ast: DocumentNode) -> tuple[GraphQLError, ...]:
        for rules in (_FIRST, (OverlappingFieldsCanBeMergedRule,)):
            errors = validate(
                self._schema,
                ast,
                rules,
                max_errors=_FEWER,
                hide_suggestions=not self._limits.suggestions,
            )
            if errors:
                return tuple(errors if self._limits.suggestions else map(_without_guess, errors))
        return ()


def _without_guess(error: GraphQLError) -> GraphQLError:
    # One rule guesses whatever it is told, and a message cannot be too plain.
    error.message = error.message.partition(" Did you mean")[0]
    return error


def _parsed(text: str, limits: Limits) -> DocumentNode:
    # A text has at least as many characters as tokens; one of too many is refused unread.
    if len(text) > limits.tokens < tokens.least(text):
        raise _too_many("tokens", limits)
    try:
        return parse(text, max_lexical_tokens=limits.tokens, max_comments=limits.tokens)
    except GraphQLSyntaxError as error:
        if "nested too deeply" in error.message:
            raise RecursionError from None
        if "Document contains more than" not in error.message:
            raise
        kind = "comments" if "comments" in error.message else "tokens"
        raise _too_many(kind, limits) from None


def _too_many(kind: str, limits: Limits) -> Exceeded:
    return Exceeded("TOO_MANY_TOKENS", f"{kind} in a document", limits.tokens)


def _nodes(document: DocumentNode) -> Iterator[Node]:
    """Every node, without the tokens it was made of: they would take a third of the memory."""
    waiting: list[Node] = [document]
    while waiting:
        node = waiting.pop()
        if node.loc is not None:
            del node.loc.start_token, node.loc.end_token
        yield node
        for key in node.keys:
            below = getattr(node, key, None)
            if isinstance(below, Node):
                waiting.append(below)
            elif isinstance(below, list | tuple):
                waiting.extend(below)


def _require_fit(node: Node, limits: Limits) -> None:
    """Raises GraphQLError for what the grammar allows and we do not."""
    if isinstance(node, StringValueNode) and "\0" in node.value:
        raise GraphQLError("texts must not hold NUL", node)
    if isinstance(node, IntValueNode) and len(node.value) > LONGEST_INTEGER:
        raise GraphQLError("an integer has too many digits", node)
    if isinstance(node, FieldNode) and not limits.introspection and is_entry(node.name.value):
        raise GraphQLError(
            "the schema cannot be asked for here",
            node,
            extensions={"code": "INTROSPECTION_DISABLED"},
        )


def label(operation: OperationDefinitionNode) -> str:
    """What an operation is called in logs and metrics: its only root field, so that clients
    cannot make up as many names as they like.
    """
    fields = [node for node in operation.selection_set.selections if isinstance(node, FieldNode)]
    names = {field.name.value for field in fields}
    is_one = len(names) == 1 and len(fields) == len(operation.selection_set.selections)
    return names.pop() if is_one else "several"
