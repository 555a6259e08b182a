"""Rendering in child processes, so that no picture can hurt anything but its own job."""

import asyncio
import contextlib
import json
import os
import signal
import sys
import time
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncIterator, Coroutine, Sequence
from dataclasses import asdict
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

from workers.images import heap, wire
from workers.images.results import Crashed, Limits, Rejected, Rendered, Squares

Made = TypeVar("Made", Rendered, Squares)

COMMAND = (sys.executable, "-I", "-m", "workers.images.child")
_MOST_JOBS = 100
_START_S = 30
_END_S = 5


class Studio:
    """Up to *children* pictures at once, each in a child that is warm, confined and replaceable.

    Entering starts the children; leaving ends every one of them, whatever it is doing.
    """

    def __init__(
        self, limits: Limits | None = None, *, children: int = 2, command: Sequence[str] = COMMAND
    ) -> None:
        self._limits = limits or Limits()
        self._command = tuple(command)
        self._size = children
        self._turns = asyncio.Semaphore(children)
        self._all: set[_Child] = set()
        self._idle: list[_Child] = []
        self._is_open = False

    async def __aenter__(self) -> Self:
        self._is_open = True
        try:
            async with asyncio.TaskGroup() as group:
                started = [group.create_task(self._start()) for _ in range(self._size)]
        except BaseException:
            await self._end(*self._all)
            raise
        self._idle = [task.result() for task in started]
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._is_open = False
        await self._end(*self._all)

    async def render(self, data: bytes) -> Rendered:
        """Everything made of an original; Rejected if that will never be, Crashed if it might.

        Cancelling this ends the child that works on it.
        """
        return await self._made(wire.LADDER, data, Rendered)

    async def squares(self, data: bytes) -> Squares:
        """The middle of an original in the sizes of avatars; raises and cancels like `render`."""
        return await self._made(wire.SQUARES, data, Squares)

    async def _made(self, kind: bytes, data: bytes, wanted: type[Made]) -> Made:
        async with self._turns, self._child() as child:
            answer = await child.answer(kind, data)
            if not isinstance(answer, (wanted, Rejected)):
                raise Crashed("answered something else than was asked")
        if isinstance(answer, Rejected):
            raise answer
        return answer

    @contextlib.asynccontextmanager
    async def _child(self) -> AsyncIterator["_Child"]:
        child = self._idle.pop() if self._idle else await self._start()
        if not child.is_alive:
            await self._end(child)
            child = await self._start()
        try:
            yield child
        except BaseException:
            await self._end(child)
            raise
        if child.is_worn:
            await self._end(child)
        else:
            self._idle.append(child)

    def _require_open(self) -> None:
        if not self._is_open:
            raise RuntimeError("the studio is closed")

    async def _start(self) -> "_Child":
        self._require_open()
        settings = {"limits": asdict(self._limits), "parent": os.getpid()}
        process = await asyncio.create_subprocess_exec(
            *self._command,
            json.dumps(settings),
            stdin=PIPE,
            stdout=PIPE,
            stderr=DEVNULL,
            env=heap.KEEPING,
            # Its own group takes along whatever it may have started, and spares it a Ctrl-C.
            start_new_session=True,
        )
        child = _Child(process, self._limits)
        self._all.add(child)
        try:
            await child.ready()
            # It may have been closed meanwhile, by someone who could not yet see this child.
            self._require_open()
        except BaseException:
            await self._end(child)
            raise
        return child

    async def _end(self, *children: "_Child") -> None:
        for child in children:
            child.kill()
        for child in children:
            await child.ended()
            self._all.discard(child)


class _Child:
    def __init__(self, process: Process, limits: Limits) -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        self._process, self._limits = process, limits
        self._stdin, self._stdout = process.stdin, process.stdout
        self._reading = asyncio.Lock()
        self._jobs = 0
        self.is_worn = False

    @property
    def is_alive(self) -> bool:
        return self._process.returncode is None

    async def ready(self) -> None:
        try:
            async with asyncio.timeout(_START_S):
                said = await self._stdout.readexactly(len(wire.READY))
        except (asyncio.IncompleteReadError, TimeoutError) as error:
            raise RuntimeError("the image child did not start") from error
        if said != wire.READY:
            raise RuntimeError("the image child started with something else than its greeting")

    async def answer(self, kind: bytes, data: bytes) -> Rendered | Squares | Rejected:
        self._jobs += 1
        try:
            answer = await self._in_time(self._asked(kind, data))
        except TimeoutError:
            raise Crashed(f"took longer than {self._limits.wall_s} s") from None
        except wire.NonsenseError as error:
            raise Crashed(f"answered nonsense: {error}") from error
        except (asyncio.IncompleteReadError, ConnectionError):
            raise Crashed(await self._cause_of_death()) from None
        if isinstance(answer.outcome, wire.Failure):
            raise Crashed(answer.outcome.message)
        self.is_worn = answer.is_worn or self._jobs >= _MOST_JOBS
        return answer.outcome

    async def _in_time(self, asked: Coroutine[Any, Any, wire.Answer]) -> wire.Answer:
        """What is answered. Raises TimeoutError; to wait for a processor takes none of the time."""
        work = asyncio.ensure_future(asked)
        began_s = time.monotonic() - self._waited_s()
        try:
            while (left_s := self._left_s(began_s)) > 0:
                await asyncio.wait((work,), timeout=left_s)
                if work.done():
                    return work.result()
            raise TimeoutError
        finally:
            work.cancel()

    def _left_s(self, began_s: float) -> float:
        return self._limits.wall_s - (time.monotonic() - self._waited_s() - began_s)

    def _waited_s(self) -> float:
        """For how long it was ready to compute and others did; 0 where the system does not say."""
        try:
            # Source: "Documentation/scheduler/sched-stats.rst" of Linux, /proc/<pid>/schedstat.
            figures = Path(f"/proc/{self._process.pid}/schedstat").read_text(encoding="ascii")
        except OSError:
            return 0.0
        return int(figures.split()[1]) / 1e9

    async def _asked(self, kind: bytes, data: bytes) -> wire.Answer:
        self._stdin.write(wire.REQUEST.pack(kind, len(data)))
        self._stdin.write(data)
        await self._stdin.drain()
        async with self._reading:
            return await wire.unpacked(self._stdout)

    async def _cause_of_death(self) -> str:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_END_S):
                await self._process.wait()
        match self._process.returncode:
            case None:
                return "stopped answering"
            case code if code < 0:
                return f"killed by {signal.Signals(-code).name}"
            case code:
                return f"ended with status {code}"

    def kill(self) -> None:
        # The group outlives a leader that died first, so it is asked for in any case.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)

    async def ended(self) -> None:
        """Return when the process is reaped and its pipes are closed."""
        self._stdin.close()
        with contextlib.suppress(TimeoutError):
            # A job still at work reads its own end first.
            async with asyncio.timeout(_END_S), self._reading:
                # A full pipe would never come to its end by itself.
                await self._stdout.read()
                await self._process.wait()
