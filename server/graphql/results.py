"""How an operation is executed: a query as it was compiled, all else by graphql-core."""

from collections.abc import AsyncGenerator, AsyncIterable, Awaitable

from graphql import (
    ExecutionResult,
    Executor,
    GraphQLError,
    GraphQLSchema,
    create_source_event_stream,
    execute,
)

from resolvers.context import Context
from server.graphql.compiled import Abandoned
from server.graphql.documents import Documents
from server.graphql.limits.introspected import is_entry
from server.graphql.prepared import Prepared


class Results:
    """Executes what was prepared."""

    def __init__(self, schema: GraphQLSchema, documents: Documents, *, suggestions: bool) -> None:
        self._schema = schema
        self._documents = documents
        self._suggestions = suggestions

    async def of(
        self, operation: Prepared, context: Context, root: object = None
    ) -> ExecutionResult:
        """The data and errors; *root* is the event of a subscription."""
        query = operation.known.query if operation.known else None
        if query is not None:
            try:
                return ExecutionResult(await query.answer(context, operation.asked.variables), None)
            except Abandoned:
                # Nothing that was read on the way is taken for granted.
                context.forget()
        return await self._by_graphql_core(operation, context, root)

    async def _by_graphql_core(
        self, operation: Prepared, context: Context, root: object
    ) -> ExecutionResult:
        def result() -> ExecutionResult | Awaitable[ExecutionResult]:
            assert operation.ast is not None
            return execute(
                self._schema,
                operation.ast,
                root,
                context,
                operation.asked.variables,
                operation.asked.operation_name,
                hide_suggestions=not self._suggestions,
            )

        # Walking the schema takes long and waits for nothing.
        is_long = all(map(is_entry, operation.root_fields))
        found = await self._documents.beside(result) if is_long else result()
        return found if isinstance(found, ExecutionResult) else await found

    async def events(self, operation: Prepared, context: Context) -> AsyncGenerator[object, None]:
        """What a subscription hears. Raises NoEvents."""
        assert operation.ast is not None
        executor = Executor.build(
            self._schema,
            operation.ast,
            context_value=context,
            raw_variable_values=operation.asked.variables,
            operation_name=operation.asked.operation_name,
            hide_suggestions=not self._suggestions,
        )
        if isinstance(executor, list):
            raise NoEvents(executor)
        source = create_source_event_stream(executor)
        found = source if isinstance(source, AsyncIterable | ExecutionResult) else await source
        if isinstance(found, ExecutionResult):
            raise NoEvents(found.errors or [])
        assert isinstance(found, AsyncGenerator)
        return found


class NoEvents(Exception):
    """A subscription that could not begin."""

    def __init__(self, errors: list[GraphQLError]) -> None:
        super().__init__()
        self.errors = errors
