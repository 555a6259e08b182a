"""A time limit that also ends what the work has begun in the database."""

import asyncio
from collections.abc import Coroutine
from contextvars import copy_context
from typing import Any, Final, TypeVar

from storage.database import readers

Value = TypeVar("Value")

# A transaction needs a moment to be rolled back. Who does not end by then goes on ending alone.
ENDING_S: Final = 0.2
AGAIN: Final = 10


class DeadlineExceeded(Exception):
    """The work took too long and was cut short. A transaction of it was rolled back, unless it
    was being committed at that very moment.
    """


async def within(seconds: float, work: Coroutine[Any, Any, Value]) -> Value:
    """What *work* comes to. Raises DeadlineExceeded.

    The SQL of the work is cancelled, also that of tasks that it left to others, such as
    batches; and also when the caller is cancelled.
    """
    reading: set[asyncio.Task[Any]] = set()
    own = copy_context()
    own.run(readers.set, reading)
    task = asyncio.create_task(work, context=own)
    try:
        await asyncio.wait({task}, timeout=seconds)
        if not task.done():
            _cut(task, reading)
            await asyncio.wait({task}, timeout=ENDING_S)
    finally:
        if not task.done():
            _cut(task, reading)
    if task.done() and not task.cancelled():
        return task.result()
    raise DeadlineExceeded(f"the operation took longer than {seconds:g} s and was cut short")


def _cut(task: asyncio.Task[Any], reading: set[asyncio.Task[Any]]) -> None:
    task.add_done_callback(_seen)
    _cancel({task, *reading}, reading)


def _cancel(
    tasks: set[asyncio.Task[Any]], reading: set[asyncio.Task[Any]], again: int = AGAIN
) -> None:
    left = {task for task in tasks | reading if not task.done()}
    for task in left:
        task.cancel()
    if left and again:
        # Who was just being given a connection may not have heard of it.
        asyncio.get_running_loop().call_later(ENDING_S, _cancel, left, reading, again - 1)


def _seen(task: asyncio.Task[Any]) -> None:
    if not task.cancelled():
        task.exception()
