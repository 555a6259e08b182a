"""Answers that come one after another, whatever carries them."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable
from contextlib import aclosing
from dataclasses import dataclass, field

from resolvers.context import Caller, Client, Context, Parts
from server import observed
from server.auth.watch import Watch
from server.graphql.answers import Answer
from server.graphql.execution import Execution
from server.graphql.prepared import Prepared
from server.graphql.requests import Asked
from server.rates.gate import Limiter, Open
from server.rates.limited import Passed
from storage.database import StatementCount, statements
from storage.rates import Standing


@dataclass(slots=True)
class Asker:
    """Whom a connection serves: by its Authorization, and by what it comes from."""

    authorization: str | None = None
    client: Client = field(default_factory=Client)


class Streams:
    """Executes operations for connections that last."""

    def __init__(
        self, execution: Execution, parts: Parts, watch: Watch, gate: Limiter | None = None
    ) -> None:
        self._execution = execution
        self._parts = parts
        self._watch = watch
        self._gate = gate or Open()
        self.ended = asyncio.Event()

    def end(self) -> None:
        """Have every connection that is nothing but a stream end by itself: the process leaves."""
        self.ended.set()

    async def caller(self, authorization: str | None) -> Caller:
        """Who sends a request with that header."""
        return await self._parts.callers.of(authorization)

    async def over(self, authorization: str | None) -> str:
        """Why a request with that header is refused, as soon as it is."""
        return await self._watch.over(authorization)

    def admit(self, asker: Asker, operation: Prepared | None) -> Awaitable[Passed]:
        """Charge an operation, or a request that is none. Raises RateLimited."""
        return self._gate.admit(asker.authorization, asker.client.address, operation)

    async def prepared(self, asked: Asked) -> Prepared:
        """What is asked for, held against every limit; nothing of it was executed."""
        return await self._execution.prepared(asked)

    async def answers(
        self,
        operation: Prepared,
        asker: Asker,
        request_id: str,
        standing: Standing | None = None,
    ) -> AsyncGenerator[Answer, None]:
        """Each answer of an operation, made with the rights of that moment."""

        async def opened() -> Context:
            caller = await self._parts.callers.of(asker.authorization)
            return Context(self._parts, caller, asker.client, standing)

        async with aclosing(self._execution.answers(operation, opened, request_id)) as answers:
            while True:
                statements.set(StatementCount())
                answer = await anext(answers, None)
                if answer is None:
                    return
                observed.operation(answer.operation, answer.outcome)
                yield answer
