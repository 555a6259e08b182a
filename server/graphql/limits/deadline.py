"""A time limit that also ends what the work has begun in the database."""

import asyncio
from typing import Any, Final

from server.graphql.limits.alarms import Alarms
from storage.reached import readers

# A transaction needs a moment to be rolled back. Who does not end by then is pressed.
ENDING_S: Final = 0.2
PRESSING_S: Final = 0.05
AGAIN: Final = 30


class DeadlineExceeded(Exception):
    """The work took too long and was cut short. A transaction of it was rolled back, unless it
    was being committed at that very moment.
    """


class Deadline:
    """A block of work that raises DeadlineExceeded when it takes longer.

    Its SQL is cancelled, also that of tasks that it left to others, such as batches; and also when
    the caller is cancelled. It needs no task of its own: one for each request would cost as much
    as all else here.
    """

    __slots__ = ("_alarms", "_before", "_cancelled_before", "_next", "_reading", "_task", "_times")

    def __init__(self, alarms: Alarms) -> None:
        self._alarms = alarms
        self._next: asyncio.TimerHandle | None = None
        self._times = 0
        self._reading: set[asyncio.Task[Any]] = set()

    def __enter__(self) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._task = task
        self._cancelled_before = task.cancelling()
        self._alarms.set(self._cut)
        self._before = readers.set(self._reading)

    def __exit__(self, _kind: object, error: BaseException | None, _at: object) -> None:
        was_cut = isinstance(error, asyncio.CancelledError) and self._was_the_cause()
        # The task is left alone, as if the limit had not been.
        self._alarms.stop(self._cut)
        if self._next is not None:
            self._next.cancel()
        for _ in range(self._times):
            self._task.uncancel()
        readers.reset(self._before)
        if was_cut:
            raise DeadlineExceeded(
                f"the operation took longer than {self._alarms.seconds:g} s and was cut short"
            ) from None

    def _cut(self) -> None:
        self._times += 1
        self._task.cancel()
        _cancel(self._reading - {self._task})
        # Who was just being given a connection may not have heard of it.
        pause_s = ENDING_S if self._times == 1 else PRESSING_S
        if self._times < AGAIN:
            self._next = asyncio.get_running_loop().call_later(pause_s, self._cut)

    def _was_the_cause(self) -> bool:
        """Whether nobody but the limit has cancelled the task."""
        _cancel_until_gone(self._reading - {self._task})
        return self._times > 0 and self._task.cancelling() - self._times <= self._cancelled_before


def _cancel(tasks: set[asyncio.Task[Any]]) -> None:
    for task in tasks:
        task.cancel()


def _cancel_until_gone(tasks: set[asyncio.Task[Any]], again: int = AGAIN) -> None:
    left = {task for task in tasks if not task.done()}
    _cancel(left)
    if left and again:
        asyncio.get_running_loop().call_later(PRESSING_S, _cancel_until_gone, left, again - 1)
