"""Questions of many requests that leave as one."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextvars import Context
from typing import Final, Generic, TypeVar

Key = TypeVar("Key")
Value = TypeVar("Value")
Turn = tuple[Key, asyncio.Future[Value]]

# Nobody waits longer than this for an answer to others that does not come.
LATE_S: Final = 0.02


class Together(Generic[Key, Value]):
    """Puts together what is asked for at the same time.

    While an answer is on its way the next questions gather and leave when it has come: the
    more is asked, the more one statement asks for. What *ask* raises is raised to all whom it
    asked for, so it has to end in time.
    """

    def __init__(self, ask: Callable[[Sequence[Key]], Awaitable[Sequence[Value]]]) -> None:
        self._ask = ask
        self._waiting: list[Turn[Key, Value]] = []
        self._leaving: asyncio.Handle | None = None
        self._asking = set[asyncio.Task[None]]()

    def ask(self, key: Key) -> asyncio.Future[Value]:
        """The answer, which comes in the place of *key*; to give it up disturbs no other."""
        loop = asyncio.get_running_loop()
        turn = loop.create_future()
        self._waiting.append((key, turn))
        if self._leaving is None:
            self._leaving = (
                loop.call_later(LATE_S, self._leave)
                if self._asking
                else loop.call_soon(self._leave)
            )
        return turn

    def _leave(self) -> None:
        if self._leaving is not None:
            self._leaving.cancel()
            self._leaving = None
        turns, self._waiting = self._waiting, []
        if turns:
            # It is a question of all, so it is told of none.
            task = asyncio.create_task(self._answer(turns), context=Context())
            self._asking.add(task)
            task.add_done_callback(self._back)

    def _back(self, task: "asyncio.Task[None]") -> None:
        self._asking.discard(task)
        if not self._asking:
            self._leave()

    async def _answer(self, turns: Sequence[Turn[Key, Value]]) -> None:
        try:
            found = await self._ask([key for key, _ in turns])
            for (_, turn), value in zip(turns, found, strict=True):
                if not turn.done():
                    turn.set_result(value)
        except Exception as error:  # noqa: BLE001 - It is raised where it is awaited.
            for _, turn in turns:
                if not turn.done():
                    turn.set_exception(error)
                    # All who asked may be gone; then nobody else takes note of it.
                    turn.exception()
