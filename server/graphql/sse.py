"""GraphQL over server-sent events, each operation on a connection of its own.

Source: https://github.com/enisdenjo/graphql-sse/blob/master/PROTOCOL.md.
"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from typing import Final

import orjson
from starlette.responses import StreamingResponse

from server.graphql import errors
from server.graphql.accepted import EVENT_STREAM
from server.graphql.answers import Answer
from server.graphql.streams import Streams

KEEP_ALIVE_S: Final = 15.0
KEEP_ALIVE: Final = b":\n\n"
# EventSource passes over events without a data line.
COMPLETE: Final = b"event: complete\ndata:\n\n"


def response(
    streams: Streams, answers: AsyncGenerator[Answer, None], authorization: str | None
) -> StreamingResponse:
    """The answers of an operation as they come, until it or the caller's session is over."""
    return StreamingResponse(
        _events(streams, answers, authorization),
        # Proxies must pass each event on at once.
        headers={"Cache-Control": "no-store", "Vary": "Accept", "X-Accel-Buffering": "no"},
        media_type=EVENT_STREAM,
    )


async def _events(
    streams: Streams, answers: AsyncGenerator[Answer, None], authorization: str | None
) -> AsyncIterator[bytes]:
    over = asyncio.create_task(streams.over(authorization))
    leaving = asyncio.create_task(streams.ended.wait())
    async with aclosing(answers):
        answering: asyncio.Task[Answer | None] = _next(answers)
        try:
            while not leaving.done():
                waiting = {over, leaving, answering}
                await asyncio.wait(
                    waiting, timeout=KEEP_ALIVE_S, return_when=asyncio.FIRST_COMPLETED
                )
                if over.done():
                    yield _event(errors.refused(over.result(), errors.UNAUTHENTICATED))
                    yield COMPLETE
                    return
                if not answering.done():
                    yield KEEP_ALIVE
                    continue
                answer = answering.result()
                if answer is None:
                    yield COMPLETE
                    return
                yield _event(answer.body)
                answering = _next(answers)
        finally:
            for task in (over, leaving, answering):
                task.cancel()
            await asyncio.gather(over, leaving, answering, return_exceptions=True)


def _next(answers: AsyncGenerator[Answer, None]) -> asyncio.Task[Answer | None]:
    async def following() -> Answer | None:
        return await anext(answers, None)

    return asyncio.create_task(following())


def _event(body: object) -> bytes:
    return b"event: next\ndata: " + orjson.dumps(body) + b"\n\n"
