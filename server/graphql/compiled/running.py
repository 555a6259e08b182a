"""What generated code calls: the resolvers, once for a level where they can."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Sequence
from dataclasses import dataclass, field
from inspect import isawaitable
from typing import Any

from graphql.execution.values import VariableValues
from strawberry import Info

from server.graphql.compiled.arguments import Given
from server.graphql.compiled.edges import Edge, Told
from server.graphql.compiled.leaves import NotThere, NotWritten

Made = Callable[[Sequence[Any], "Run"], Coroutine[Any, Any, list[Any]]]


@dataclass(slots=True)
class Run:
    """One execution."""

    edges: Sequence[Edge]
    variables: VariableValues
    context: object
    _given: dict[int, Given] = field(default_factory=dict)

    def told(self, edge: Edge) -> "tuple[Info[Any, Any], Given]":
        """What a resolver is told, and the arguments of its field.

        Raises what graphql-core and Strawberry raise.
        """
        info = Told(edge, self.variables, self.context)
        given = edge.same
        return info, edge.arguments.given(self.variables, info) if given is None else given

    def given(self, place: int) -> Given:
        """The arguments of a field that is answered for one parent after another.

        Raises NotThere when with these it has to be asked for, and what `told` raises.
        """
        known = self._given.get(place)
        if known is None:
            edge = self.edges[place]
            known = self.told(edge)[1]
            if edge.straight is None or not edge.straight.takes(known):
                raise NotThere(edge.field.key)
            self._given[place] = known
        return known

    async def many(self, place: int, parents: Sequence[Any]) -> Sequence[Any]:
        """One call for all parents."""
        if not parents:
            return []
        found: Sequence[Any] = await self._asked(place, parents)
        self._require_all(place, parents, found)
        return found

    async def each(self, place: int, parents: Sequence[Any]) -> Sequence[Any]:
        """One call for each parent, all at the same time."""
        edge = self.edges[place]
        info, given = self.told(edge)
        if edge.told is not None:
            given = {**given, edge.told: info}
        if edge.parent is None:
            found = [edge.call(**given) for _ in parents]
        else:
            found = [edge.call(**given, **{edge.parent: parent}) for parent in parents]
        waiting = [value for value in found if isawaitable(value)]
        if not waiting:
            return found
        came = iter([await waiting[0]] if len(waiting) == 1 else await _all(waiting))
        return [next(came) if isawaitable(value) else value for value in found]

    async def together(self, parents: Sequence[Any], *places: int) -> list[Sequence[Any]]:
        """What several edges answer; when one fails, the others are ended and the failure rises.

        Each is begun at once, and costs a task only if it has to wait. Before it waits for
        anything else it has to let others go first, as `asyncio.sleep(0)` does: what was begun
        can be gone on with by a task from there, and from nowhere else.
        """
        if not parents:
            return [[] for _ in places]
        found: list[Any] = []
        waiting: dict[int, Coroutine[Any, Any, Any]] = {}
        try:
            for place in places:
                one = self._asked(place, parents)
                try:
                    awaited = one.send(None)
                except StopIteration as done:
                    found.append(done.value)
                    continue
                waiting[len(found)] = one
                found.append(None)
                _require_bare(awaited)
        except BaseException:
            for one in waiting.values():
                one.close()
            raise
        if waiting:
            for at, answer in zip(waiting, await _all(waiting.values()), strict=True):
                found[at] = answer
        for place, answer in zip(places, found, strict=True):
            self._require_all(place, parents, answer)
        return found

    def _asked(self, place: int, parents: Sequence[Any]) -> Coroutine[Any, Any, Sequence[Any]]:
        """The call of an edge for all parents, to be begun."""
        edge = self.edges[place]
        if not edge.is_batched:
            return self._apart(place, parents)
        info, given = self.told(edge)
        # Most have no arguments, and to pass on none takes its time, too.
        call: Coroutine[Any, Any, Sequence[Any]] = (
            edge.call(parents, info, **given) if given else edge.call(parents, info)
        )
        return call

    async def _apart(self, place: int, parents: Sequence[Any]) -> Sequence[Any]:
        """The same as `each` in a task of its own, when it is begun beside others."""
        await asyncio.sleep(0)
        return await self.each(place, parents)

    def _require_all(self, place: int, parents: Sequence[Any], found: Sequence[Any]) -> None:
        if len(found) != len(parents):
            raise NotWritten(self.edges[place].field.key)

    async def sorted(self, values: Sequence[Any], makers: dict[type, Made]) -> list[Any]:
        """What the maker of each value's class makes of it, in the same order."""
        kinds = {value.__class__ for value in values}
        if len(kinds) == 1:
            return await makers[kinds.pop()](values, self)
        places: dict[type, list[int]] = {}
        for place, value in enumerate(values):
            places.setdefault(value.__class__, []).append(place)
        found: list[Any] = [None] * len(values)
        for of, here in places.items():
            made = await makers[of]([values[place] for place in here], self)
            for place, one in zip(here, made, strict=True):
                found[place] = one
        return found


def _require_bare(awaited: object) -> None:
    if awaited is not None:
        raise RuntimeError("an edge waits before it lets others go first")


async def _all(asked: Iterable[Awaitable[Any]]) -> list[Any]:
    tasks = [asyncio.ensure_future(one) for one in asked]
    try:
        return await asyncio.gather(*tasks)
    except BaseException:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        raise
