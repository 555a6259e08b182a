"""A time limit that also ends what the work has begun in the database."""

import asyncio
from collections.abc import Awaitable
from typing import Any, Final, TypeVar

from storage.reached import readers

Value = TypeVar("Value")

# A transaction needs a moment to be rolled back. Who does not end by then is pressed.
ENDING_S: Final = 0.2
PRESSING_S: Final = 0.05
AGAIN: Final = 30


class DeadlineExceeded(Exception):
    """The work took too long and was cut short. A transaction of it was rolled back, unless it
    was being committed at that very moment.
    """


async def within(seconds: float, work: Awaitable[Value]) -> Value:
    """What *work* comes to. Raises DeadlineExceeded.

    The SQL of the work is cancelled, also that of tasks that it left to others, such as
    batches; and also when the caller is cancelled.
    """
    task = asyncio.current_task()
    assert task is not None
    limit = _Limit(task, seconds)
    before = readers.set(limit.reading)
    try:
        return await work
    except asyncio.CancelledError:
        if not limit.was_the_cause():
            raise
    finally:
        limit.stop()
        readers.reset(before)
    raise DeadlineExceeded(f"the operation took longer than {seconds:g} s and was cut short")


class _Limit:
    """Cancels a task when its time is up, and those who read for it whenever it was cancelled.

    It needs no task of its own: one for each request would cost as much as all else here.
    """

    def __init__(self, task: asyncio.Task[Any], seconds: float) -> None:
        self.reading: set[asyncio.Task[Any]] = set()
        self._task = task
        self._cancelled_before = task.cancelling()
        self._times = 0
        self._next = asyncio.get_running_loop().call_later(seconds, self._cut)

    def _cut(self) -> None:
        self._times += 1
        self._task.cancel()
        _cancel(self.reading - {self._task})
        # Who was just being given a connection may not have heard of it.
        pause_s = ENDING_S if self._times == 1 else PRESSING_S
        if self._times < AGAIN:
            self._next = asyncio.get_running_loop().call_later(pause_s, self._cut)

    def was_the_cause(self) -> bool:
        """Whether nobody but the limit has cancelled the task."""
        _cancel_until_gone(self.reading - {self._task})
        return self._times > 0 and self._task.cancelling() - self._times <= self._cancelled_before

    def stop(self) -> None:
        """Leave the task alone, as if the limit had not been."""
        self._next.cancel()
        for _ in range(self._times):
            self._task.uncancel()


def _cancel(tasks: set[asyncio.Task[Any]]) -> None:
    for task in tasks:
        task.cancel()


def _cancel_until_gone(tasks: set[asyncio.Task[Any]], again: int = AGAIN) -> None:
    left = {task for task in tasks if not task.done()}
    _cancel(left)
    if left and again:
        asyncio.get_running_loop().call_later(PRESSING_S, _cancel_until_gone, left, again - 1)
