"""From an operation to its answer."""

from dataclasses import dataclass
from typing import Any

from graphql import ExecutionResult, GraphQLSchema, OperationDefinitionNode, execute

from resolvers.context import Context
from server.graphql import errors
from server.graphql.documents import Documents, is_write, label
from server.graphql.requests import Asked, BadRequest


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


class Execution:
    """Executes operations of one schema."""

    def __init__(self, schema: GraphQLSchema) -> None:
        self._schema = schema
        self._documents = Documents(schema)

    async def answer(self, asked: Asked, context: Context, request_id: str) -> Answer:
        """What the client gets. Raises BadRequest for a write that came by GET."""
        document = self._documents.of(asked.query)
        if document.errors or document.ast is None:
            return _refused(errors.shown(document.errors, request_id))
        operation = document.operation(asked.operation_name)
        if operation is None:
            return _refused(_which(asked.operation_name))
        if is_write(operation) and not asked.may_write:
            raise BadRequest("GET is for queries; send mutations by POST", 405)
        result = execute(
            self._schema,
            document.ast,
            context_value=context,
            variable_values=asked.variables,
            operation_name=asked.operation_name,
        )
        executed = result if isinstance(result, ExecutionResult) else await result
        return _answered(executed, operation, request_id)


def _answered(
    result: ExecutionResult, operation: OperationDefinitionNode, request_id: str
) -> Answer:
    found = errors.shown(result.errors or (), request_id)
    name = f"{operation.operation.value} {label(operation)}"
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
