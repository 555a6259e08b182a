"""Edges that are answered for many parents with one call."""

import asyncio
import inspect
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Generic, TypeVar, get_args

import strawberry
from strawberry.dataloader import DataLoader

Many = Callable[..., Awaitable[Sequence[Any]]]
Key = TypeVar("Key")
Value = TypeVar("Value")
Find = Callable[[Sequence[Key]], Awaitable[Mapping[Key, Value]]]


def batched(many: Many) -> Callable[..., Awaitable[Any]]:
    """The resolver of one parent, from a function that answers for a list of them.

    *many* takes the parents, the info and the field's arguments, and answers a list in the
    same order. An executor that knows the attribute `many` calls it once for a level; for any
    other the parents that are asked for at the same time are put together by a DataLoader.
    """
    signature = inspect.signature(many, eval_str=True)
    parents, _, *arguments = signature.parameters.values()
    (parent,) = get_args(parents.annotation)
    (answer,) = get_args(signature.return_annotation)
    return resolver_of(many, parent, arguments, answer, many)


def resolver_of(
    many: Many,
    parent: object,
    arguments: Sequence[inspect.Parameter],
    answer: object,
    like: Callable[..., object],
) -> Callable[..., Awaitable[Any]]:
    """The same with the types of a parent and of its answer told, named and described *like*."""

    async def one(parent: Any, info: strawberry.Info, **arguments: Any) -> Any:
        return await info.context.batches.of(many, info, arguments).load(parent)

    parent_of: Any = strawberry.Parent
    kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
    own = inspect.Parameter("parent", kind, annotation=parent_of[parent])
    info = inspect.Parameter("info", kind, annotation=strawberry.Info)
    all_of_them = (own, info, *arguments)
    edge: Any = one
    edge.__signature__ = inspect.Signature(all_of_them, return_annotation=answer)
    edge.__annotations__ = {each.name: each.annotation for each in all_of_them} | {"return": answer}
    edge.__name__, edge.__qualname__, edge.__doc__ = like.__name__, like.__qualname__, like.__doc__
    edge.__module__ = like.__module__
    edge.many = many
    return one


class _Finding:
    """What is on its way, and what it failed by; mostly nobody else waits for it."""

    __slots__ = ("_over", "error")

    def __init__(self) -> None:
        self._over: asyncio.Event | None = None
        self.error: Exception | None = None

    async def wait(self) -> None:
        """Until it is there, or has failed."""
        if self._over is None:
            self._over = asyncio.Event()
        await self._over.wait()

    def end(self) -> None:
        """Let those who wait go on."""
        if self._over is not None:
            self._over.set()


class Loader(Generic[Key, Value]):
    """Reads what is asked for at the same time at once, and nothing twice in one operation.

    An operation has many of them and uses few: one costs next to nothing until then.
    """

    __slots__ = ("_find", "_finding", "_known", "_wished")

    def __init__(self, find: Find[Key, Value]) -> None:
        self._find = find
        self._known: dict[Key, Value | None] = {}
        self._wished: dict[Key, None] | None = None
        self._finding: _Finding | None = None

    async def load(self, key: Key) -> Value | None:
        """What the key stands for; None for what is not there."""
        return (await self.many([key]))[0]

    async def alone(self, key: Key) -> Value | None:
        """The same for whom nobody else asks meanwhile, so that nobody is waited for."""
        if key not in self._known:
            self._known[key] = (await self._find([key])).get(key)
        return self._known[key]

    async def many(self, keys: list[Key]) -> list[Value | None]:
        """What each key stands for; None for what is not there."""
        known = self._known
        try:
            return [known[key] for key in keys]
        except KeyError:
            if self._wished is None:
                self._wished = {}
            self._wished.update(dict.fromkeys(keys))
        # Others go first: what they wish for is found with this, and whoever begins several waits
        # costs no task for the rest.
        await asyncio.sleep(0)
        while not all(key in known for key in keys):
            if self._finding is None:
                await self._find_wished(keys)
            else:
                await self._found_by(self._finding)
        return [known[key] for key in keys]

    async def _find_wished(self, keys: list[Key]) -> None:
        wished, self._wished = (self._wished or {}) | dict.fromkeys(keys), None
        missing = [key for key in wished if key not in self._known]
        self._finding = finding = _Finding()
        try:
            found = await self._find(missing)
            self._known |= {key: found.get(key) for key in missing}
        except Exception as error:
            finding.error = error
            raise
        finally:
            # All who wait go on at the same time, so that they ask the next loader together.
            self._finding = None
            finding.end()

    @staticmethod
    async def _found_by(finding: _Finding) -> None:
        await finding.wait()
        if finding.error is not None:
            raise finding.error


class Batches:
    """The loaders behind batched edges, one for each edge and its arguments, for one operation."""

    def __init__(self) -> None:
        self._loaders: dict[tuple[Many, str], DataLoader[Any, Any]] = {}

    def of(
        self, many: Many, info: strawberry.Info, arguments: dict[str, Any]
    ) -> DataLoader[Any, Any]:
        """What puts the parents of that edge together."""
        key = (many, repr(sorted(arguments.items())))
        if key not in self._loaders:
            # Parents are objects without identity; what is read for them is remembered below.
            self._loaders[key] = DataLoader(
                load_fn=lambda parents: many(parents, info, **arguments), cache=False
            )
        return self._loaders[key]
