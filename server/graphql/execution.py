"""From an operation to its answer, or to its answers one after another."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterable, Awaitable, Callable
from contextlib import aclosing, suppress
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final

from graphql import (
    DocumentNode,
    ExecutionResult,
    Executor,
    GraphQLError,
    GraphQLSchema,
    OperationDefinitionNode,
    create_source_event_stream,
    execute,
    located_error,
)

from resolvers.context import Context
from server.graphql import errors
from server.graphql.documents import Documents, is_subscription, is_write, label
from server.graphql.requests import Asked, BadRequest
from storage.database import Unavailable

# What is lost with a connection is read again on the next one.
PAUSES_S: Final = (0.1, 0.3, 1.0, 2.0, 4.0)

Opened = Callable[[], Awaitable[Context]]


@dataclass(frozen=True, slots=True)
class Answer:
    """The body of an answer, and what is to be known about it outside."""

    body: dict[str, Any]
    operation: str
    outcome: str

    @property
    def was_executed(self) -> bool:
        """False when the request was refused before any resolver ran."""
        return "data" in self.body


@dataclass(frozen=True, slots=True)
class _Operation:
    """What can be executed."""

    ast: DocumentNode
    node: OperationDefinitionNode
    asked: Asked

    @property
    def name(self) -> str:
        return f"{self.node.operation.value} {label(self.node)}"


class Execution:
    """Executes operations of one schema."""

    def __init__(self, schema: GraphQLSchema) -> None:
        self._schema = schema
        self._documents = Documents(schema)

    def is_subscription(self, asked: Asked) -> bool:
        """Whether it has many answers. Raises BadRequest for a write that came by GET."""
        document = self._documents.of(asked.query)
        node = None if document.errors else document.operation(asked.operation_name)
        if node is None:
            return False
        _require_allowed(node, asked)
        return is_subscription(node)

    async def answer(self, asked: Asked, context: Context, request_id: str) -> Answer:
        """What the client gets. Raises BadRequest for a write that came by GET."""
        found = self._found(asked, request_id)
        if isinstance(found, Answer):
            return found
        return await self._executed(found, context, request_id)

    async def answers(
        self, asked: Asked, opened: Opened, request_id: str
    ) -> AsyncGenerator[Answer, None]:
        """All that the client gets, each answer in a context of its own.

        The last one was not executed when the operation was refused, or ended by an error.
        Raises BadRequest for a write that came by GET.
        """
        found = self._found(asked, request_id)
        if isinstance(found, Answer):
            yield found
        elif not is_subscription(found.node):
            yield await self._executed(found, await opened(), request_id)
        else:
            async with aclosing(self._subscribed(found, opened, request_id)) as answers:
                async for answer in answers:
                    yield answer

    def _found(self, asked: Asked, request_id: str) -> _Operation | Answer:
        document = self._documents.of(asked.query)
        if document.errors or document.ast is None:
            return _refused(errors.shown(document.errors, request_id))
        node = document.operation(asked.operation_name)
        if node is None:
            return _refused(_which(asked.operation_name))
        _require_allowed(node, asked)
        return _Operation(document.ast, node, asked)

    async def _executed(
        self, operation: _Operation, context: Context, request_id: str, root: object = None
    ) -> Answer:
        result = execute(
            self._schema,
            operation.ast,
            root,
            context,
            operation.asked.variables,
            operation.asked.operation_name,
        )
        executed = result if isinstance(result, ExecutionResult) else await result
        return _answered(executed, operation.name, request_id)

    async def _subscribed(
        self, operation: _Operation, opened: Opened, request_id: str
    ) -> AsyncGenerator[Answer, None]:
        async def answer(event: object) -> Answer:
            async with first.parts.wakeups.turn():
                context = await opened()
                # A session that ended is not shown what a guest sees; its viewer raises.
                _ = context.viewer_id
                return await self._executed(operation, context, request_id, event)

        try:
            first = await opened()
            async with aclosing(await self._events(operation, first)) as events:
                async for event in events:
                    yield await _patiently(answer, event)
        except Exception as error:  # noqa: BLE001 - What is unexpected is logged there.
            found = error.errors if isinstance(error, _NoEvents) else [located_error(error)]
            yield _refused(errors.shown(found, request_id), operation.name)

    async def _events(
        self, operation: _Operation, context: Context
    ) -> AsyncGenerator[object, None]:
        executor = Executor.build(
            self._schema,
            operation.ast,
            context_value=context,
            raw_variable_values=operation.asked.variables,
            operation_name=operation.asked.operation_name,
        )
        if isinstance(executor, list):
            raise _NoEvents(executor)
        source = create_source_event_stream(executor)
        found = source if isinstance(source, AsyncIterable | ExecutionResult) else await source
        if isinstance(found, ExecutionResult):
            raise _NoEvents(found.errors or [])
        assert isinstance(found, AsyncGenerator)
        return found


def _require_allowed(node: OperationDefinitionNode, asked: Asked) -> None:
    if is_write(node) and not asked.may_write:
        raise BadRequest(
            "GET is for queries; send mutations by POST", HTTPStatus.METHOD_NOT_ALLOWED
        )


class _NoEvents(Exception):
    def __init__(self, errors: list[GraphQLError]) -> None:
        super().__init__()
        self.errors = errors


async def _patiently(answer: Callable[[object], Awaitable[Answer]], event: object) -> Answer:
    """The answer to an event; a database that is away for a moment does not cost it."""
    for pause_s in PAUSES_S:
        with suppress(Unavailable):
            found = await answer(event)
            if found.outcome != errors.UNAVAILABLE:
                return found
        await asyncio.sleep(pause_s)
    return await answer(event)


def _answered(result: ExecutionResult, name: str, request_id: str) -> Answer:
    found = errors.shown(result.errors or (), request_id)
    if found and result.data is None and not any("path" in error for error in found):
        return _refused(found, name)
    body: dict[str, Any] = (
        {"errors": found, "data": result.data} if found else {"data": result.data}
    )
    return Answer(body, name, found[0]["extensions"]["code"] if found else "ok")


def _refused(found: list[dict[str, Any]], operation: str = "none") -> Answer:
    return Answer({"errors": found}, operation, found[0]["extensions"]["code"])


def _which(name: str | None) -> list[dict[str, Any]]:
    message = (
        "the document has several operations; say which by operationName"
        if name is None
        else "the document has no operation of the name in operationName"
    )
    return [{"message": message, "extensions": {"code": errors.BAD_INPUT}}]
