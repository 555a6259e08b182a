"""Edges of which each parent is answered alone, once what belongs to it is there.

What belongs to a parent came along with its row, or a loader is asked for it, for all parents at
the same time.
"""

import inspect
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Any, Final

from resolvers.batches import Many, resolver_of
from resolvers.context import Context, Info
from resolvers.loaders import Loaders
from resolvers.loading import Pages
from resolvers.paging import DEFAULT, After, First, requested
from schema.pages import Listed as Paged
from storage.edges import Edge, Listed, Single
from storage.pages import page_by_time
from storage.rows import PageRequest

Make = Callable[..., Any]
Resolver = Callable[..., Awaitable[Any]]
# Finds what belongs to each of a list of keys, told the context and the field's arguments.
Ask = Callable[..., Awaitable[Sequence[Any]]]


@dataclass(frozen=True, slots=True)
class Straight:
    """How one parent is answered without waiting, for whoever generates code.

    *make* takes the parent, what is read of it, the context if it is told, and the arguments.
    """

    make: Make
    is_told: bool
    reads: str | None = None
    """Where it lies in the parent, as `row.liked`, if it came along."""
    only: Callable[..., bool] | None = None
    """Whether what came along is of use with such arguments."""

    def takes(self, arguments: Mapping[str, Any]) -> bool:
        """Whether parents can be answered so with those arguments."""
        return self.only is None or self.only(**arguments)


def edge(
    along: Edge | Single,
    by: str,
    *,
    ask: Ask | None = None,
    only: Callable[..., bool] | None = None,
) -> Callable[[Make], Resolver]:
    """The resolver of a field, from a function of one parent and what belongs to it.

    That is found by the row's field *by*: *along* brings it, or else *ask* does, which is the
    loader of the same name if nothing is said. The function may ask for the context, and for the
    field's arguments; *only* tells by those when what was brought is of use.
    """

    def made(make: Make) -> Resolver:
        straight = Straight(make, _is_told(make), f"row.{along.name}", only)
        _parent, _found, *arguments = _parameters(make)
        many = _many(straight, along.name, by, ask or _loaded(along.name), make)
        return _resolver(many, make, arguments, straight)

    return made


def first_page(
    along: Listed, listed: Paged, *, by: str, ask: Callable[[Loaders, PageRequest], Pages[Any, Any]]
) -> Callable[[Make], Resolver]:
    """The same of a list, from a function of one parent and a page.

    A row has a list along only where it is asked for once, for the first page and of that size:
    `resolvers.ahead.along` sees to that.
    """

    async def pages(
        context: Context, keys: list[Any], /, first: int | None, after: str | None
    ) -> Sequence[Any]:
        return await ask(context.loaders, requested(listed, first, after)).many(keys)

    def made(make: Make) -> Resolver:
        def of_rows(
            parent: object, rows: list[Any] | None, first: int | None, after: str | None
        ) -> Any:
            return make(parent, page_by_time(requested(listed, first, after), rows or []))

        def of_page(parent: object, page: object, **_arguments: object) -> Any:
            return make(parent, page)

        straight = Straight(of_rows, is_told=False, reads=f"row.{along.name}")
        return _resolver(_many(straight, along.name, by, pages, of_page), make, _PAGE, straight)

    return made


def computed(make: Make) -> Resolver:
    """The resolver of a field, from a function of one parent that needs nothing more."""
    straight = Straight(make, _is_told(make))

    async def many(parents: Sequence[Any], info: Info, **arguments: Any) -> list[Any]:
        told = {"context": info.context} if straight.is_told else {}
        return [make(parent, **told, **arguments) for parent in parents]

    _parent, *arguments = _parameters(make)
    return _resolver(many, make, arguments, straight)


_PAGE: Final = [
    inspect.Parameter("first", inspect.Parameter.KEYWORD_ONLY, default=DEFAULT, annotation=First),
    inspect.Parameter("after", inspect.Parameter.KEYWORD_ONLY, default=None, annotation=After),
]


def _many(straight: Straight, name: str, by: str, ask: Ask, of_found: Make) -> Many:
    """What answers for a list of parents with one call."""
    read, key = attrgetter(f"row.{name}"), attrgetter(f"row.{by}")

    def along(parents: Sequence[Any]) -> Sequence[Any] | None:
        try:
            return [read(parent) for parent in parents]
        except AttributeError as error:
            if error.name != name:
                raise
            return None

    async def many(parents: Sequence[Any], info: Info, **arguments: Any) -> list[Any]:
        context = info.context
        told = {"context": context} if straight.is_told else {}
        make, found = straight.make, along(parents) if straight.takes(arguments) else None
        if found is None:
            make = of_found
            found = await ask(context, [key(parent) for parent in parents], **arguments)
        each = zip(parents, found, strict=True)
        return [make(parent, value, **told, **arguments) for parent, value in each]

    return many


def _loaded(name: str) -> Ask:
    if name not in vars(Loaders):
        raise TypeError(f"there is no loader of the name {name}")

    async def ask(context: Context, keys: list[Any], /, **_: object) -> Sequence[Any]:
        found: Sequence[Any] = await getattr(context.loaders, name).many(keys)
        return found

    return ask


def _parameters(make: Make) -> list[inspect.Parameter]:
    found = inspect.signature(make, eval_str=True).parameters.values()
    return [one for one in found if one.name != "context"]


def _is_told(make: Make) -> bool:
    return "context" in inspect.signature(make).parameters


def _resolver(
    many: Many, make: Make, arguments: Sequence[inspect.Parameter], straight: Straight
) -> Resolver:
    parent, *_ = _parameters(make)
    answer = inspect.signature(make, eval_str=True).return_annotation
    made = resolver_of(many, parent.annotation, arguments, answer, make)
    made.__dict__["straight"] = straight
    return made
