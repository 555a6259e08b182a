"""From an operation to its answer, or to its answers one after another."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing, suppress
from dataclasses import replace
from http import HTTPStatus
from typing import Any, Final

from graphql import (
    ExecutionResult,
    GraphQLError,
    GraphQLSchema,
    GraphQLSyntaxError,
    located_error,
)

from resolvers.context import Context
from server.graphql import errors
from server.graphql.answers import Answer
from server.graphql.documents import Document, Documents, Priced
from server.graphql.idempotency import Once, Request
from server.graphql.limits import Exceeded, Limits, tries
from server.graphql.limits.alarms import Alarms
from server.graphql.limits.cost import BadSize
from server.graphql.limits.deadline import Deadline, DeadlineExceeded
from server.graphql.persisted import NotAnswered, Persisted
from server.graphql.prepared import Prepared
from server.graphql.requests import Asked, BadRequest
from server.graphql.results import NoEvents, Results
from storage.reached import Lost, Unavailable

# What is lost with a connection is read again on the next one.
PAUSES_S: Final = (0.1, 0.3, 1.0, 2.0, 4.0)

Opened = Callable[[], Awaitable[Context]]


class Execution:
    """Executes operations of one schema."""

    def __init__(
        self,
        schema: GraphQLSchema,
        limits: Limits | None = None,
        persisted: Persisted | None = None,
        once: Once | None = None,
    ) -> None:
        self._schema = schema
        self._limits = limits or Limits()
        self._documents = Documents(schema, self._limits)
        self._results = Results(schema, self._documents, suggestions=self._limits.suggestions)
        self._persisted = persisted or Persisted()
        self._once = once
        self._reads = Alarms(self._limits.deadline_s)
        self._writes = Alarms(self._limits.write_deadline_s)

    def close(self) -> None:
        """Read no more documents."""
        self._documents.close()

    @property
    def unexplorable(self) -> str | None:
        """Why an explorer of the API would be of no use here; None when it is."""
        if self._persisted.is_trusted_only:
            return "Only trusted documents are answered here, so GraphiQL is switched off."
        if not self._limits.introspection:
            return "The schema cannot be asked for here, so GraphiQL is switched off."
        return None

    async def prepared(self, asked: Asked) -> Prepared:
        """What is asked for, held against every limit; nothing of it was executed.

        Raises BadRequest for a write that came by GET, and Unavailable.
        """
        try:
            text = self._persisted.text(asked)
        except NotAnswered as error:
            return Prepared(asked, errors=(error,))
        document = self._documents.known(text) or await self._documents.of(text)
        if document.errors or document.ast is None:
            return Prepared(asked, errors=document.errors)
        self._persisted.keep(asked)
        known = document.operation(self._schema, asked.operation_name)
        if known is None:
            return Prepared(asked, errors=(GraphQLError(_which(asked.operation_name)),))
        if known.is_write and not asked.may_write:
            raise BadRequest(
                "GET is for queries; send mutations by POST", HTTPStatus.METHOD_NOT_ALLOWED
            )
        return self._priced(asked, document, known)

    def _priced(self, asked: Asked, document: Document, known: Priced) -> Prepared:
        tried = tries.refused(known.root_fields, known.node) if known.is_write else None
        if tried is not None:
            return Prepared(asked, document.ast, known, (tried,))
        try:
            cost = known.cost.of(asked.variables)
        except BadSize as error:
            return Prepared(asked, document.ast, known, (error,))
        if cost > self._limits.cost and asked.cost != "dry-run":
            what = "rows and calls of an operation"
            exceeded = Exceeded("TOO_EXPENSIVE", what, self._limits.cost, cost, known.node)
            return Prepared(asked, document.ast, known, (exceeded,), cost)
        return Prepared(asked, document.ast, known, (), cost)

    async def answers(
        self, operation: Prepared, opened: Opened, request_id: str
    ) -> AsyncGenerator[Answer, None]:
        """All that the client gets, each answer in a context of its own.

        The last one was not executed when the operation was refused, or ended by an error.
        """
        unexecuted = self.unexecuted(operation, request_id)
        if unexecuted is not None:
            yield unexecuted
        elif not operation.is_subscription:
            yield await self.answer(operation, await opened(), request_id)
        else:
            async with aclosing(self._subscribed(operation, opened, request_id)) as answers:
                async for answer in answers:
                    yield answer

    def unexecuted(self, operation: Prepared, request_id: str) -> Answer | None:
        """The answer to what is refused, or only weighed; None for what is to be executed."""
        if operation.errors:
            found = errors.unfit(operation.errors, request_id)
            refused = _refused(found, operation.name)
            is_odd = isinstance(operation.errors[0], GraphQLSyntaxError)
            return replace(refused, was_parsed=False) if is_odd else refused
        if operation.asked.cost == "dry-run":
            body = {"data": None, "extensions": {"cost": self._cost(operation)}}
            return Answer(body, operation.name, "ok")
        return None

    def _cost(self, operation: Prepared) -> dict[str, Any]:
        return {
            "requested": operation.cost,
            "limit": self._limits.cost,
            "rootFields": dict(operation.root_fields),
        }

    def answer(self, operation: Prepared, context: Context, request_id: str) -> Awaitable[Answer]:
        """What the client gets who asks for something that is to be executed."""
        request = _repeatable(operation)
        if request is None or self._once is None:
            return self._executed(operation, context, request_id)

        def run(own: Context) -> Awaitable[Answer]:
            return self._executed(operation, own, request_id)

        return self._once.answer(request, operation.name, context, run)

    async def _executed(
        self, operation: Prepared, context: Context, request_id: str, root: object = None
    ) -> Answer:
        try:
            with Deadline(self._writes if operation.is_write else self._reads):
                executed = await self._results.of(operation, context, root)
                if _is_incomplete(executed) and not operation.is_write:
                    executed = await self._again(executed, operation, context, root)
                elif not operation.is_write:
                    context.database.seen()
        except DeadlineExceeded as error:
            return _refused(errors.shown([located_error(error)], request_id), operation.name)
        if not executed.errors:
            context.end()
        answer = _answered(executed, operation.name, request_id)
        if self._limits.report_cost or operation.asked.cost == "report":
            answer.body["extensions"] = {"cost": self._cost(operation)}
        return answer

    async def _again(
        self, first: ExecutionResult, operation: Prepared, context: Context, root: object
    ) -> ExecutionResult:
        """What a query lost with its connection it reads again; *first* is what it found so far."""
        known = [first]

        async def read() -> ExecutionResult:
            found = known.pop() if known else await self._results.of(operation, context, root)
            if _is_incomplete(found):
                context.forget()
                raise _Incomplete(found)
            return found

        try:
            return await context.database.reread(read)
        except _Incomplete as error:
            return error.found

    async def _subscribed(
        self, operation: Prepared, opened: Opened, request_id: str
    ) -> AsyncGenerator[Answer, None]:
        async def answer(event: object) -> Answer:
            async with first.parts.wakeups.turn():
                context = await opened()
                # A session that ended is not shown what a guest sees; its viewer raises.
                _ = context.viewer_id
                return await self._executed(operation, context, request_id, event)

        try:
            first = await opened()
            async with aclosing(await self._results.events(operation, first)) as events:
                async for event in events:
                    yield await _patiently(answer, event)
        except Exception as error:  # noqa: BLE001 - What is unexpected is logged there.
            found = error.errors if isinstance(error, NoEvents) else [located_error(error)]
            yield _refused(errors.shown(found, request_id), operation.name)


class _Incomplete(Lost):
    """A part of the answer was lost with its connection."""

    def __init__(self, found: ExecutionResult) -> None:
        super().__init__()
        self.found = found


def _is_incomplete(result: ExecutionResult) -> bool:
    """Whether a part of it was lost with its connection."""
    return result.errors is not None and any(
        isinstance(error.original_error, Lost) for error in result.errors
    )


def _repeatable(operation: Prepared) -> Request | None:
    """The operation, if it writes and has a key."""
    asked = operation.asked
    if asked.idempotency_key is None or not operation.is_write:
        return None
    # The document itself, whether it came as a text or by its hash.
    text = operation.ast.loc.source.body if operation.ast and operation.ast.loc else asked.query
    return Request(asked.idempotency_key, text, asked.operation_name or "", asked.variables)


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
    if not result.errors:
        return Answer({"data": result.data}, name, "ok")
    found = errors.shown(result.errors, request_id)
    if result.data is None and not any("path" in error for error in found):
        return _refused(found[: errors.MOST_ERRORS], name)
    return Answer({"errors": found, "data": result.data}, name, found[0]["extensions"]["code"])


def _refused(found: list[dict[str, Any]], operation: str = "none") -> Answer:
    return Answer({"errors": found}, operation, found[0]["extensions"]["code"])


def _which(name: str | None) -> str:
    return (
        "the document has several operations; say which by operationName"
        if name is None
        else "the document has no operation of the name in operationName"
    )
