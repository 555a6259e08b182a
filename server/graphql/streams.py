"""Answers that come one after another, whatever carries them."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing

from resolvers.context import Context, Parts
from server import observed
from server.auth.watch import Watch
from server.graphql.execution import Answer, Execution
from server.graphql.requests import Asked
from storage.database import StatementCount, statements


class Streams:
    """Executes operations for connections that last."""

    def __init__(self, execution: Execution, parts: Parts, watch: Watch) -> None:
        self._execution = execution
        self._parts = parts
        self._watch = watch
        self.ended = asyncio.Event()

    def end(self) -> None:
        """Have every connection that is nothing but a stream end by itself: the process leaves."""
        self.ended.set()

    async def refusal(self, authorization: str | None) -> str | None:
        """Why a request with that header is refused; None when it is not."""
        return (await self._parts.callers.of(authorization)).refused

    async def over(self, authorization: str | None) -> str:
        """Why a request with that header is refused, as soon as it is."""
        return await self._watch.over(authorization)

    async def answers(
        self, asked: Asked, authorization: str | None, request_id: str
    ) -> AsyncGenerator[Answer, None]:
        """Each answer of an operation, made with the rights of that moment."""

        async def opened() -> Context:
            return Context(self._parts, await self._parts.callers.of(authorization))

        async with aclosing(self._execution.answers(asked, opened, request_id)) as answers:
            while True:
                statements.set(StatementCount())
                answer = await anext(answers, None)
                if answer is None:
                    return
                observed.operation(answer.operation, answer.outcome)
                yield answer
