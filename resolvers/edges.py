"""Edges of which each parent is answered alone, once what belongs to it is there.

What belongs to a parent came along with its row, or a loader is asked for it, for all parents at
the same time.
"""

import inspect
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Any, Final

from resolvers.batches import resolver_of
from resolvers.context import Context, Info
from resolvers.loaders import Loaders
from resolvers.loading import Pages
from resolvers.paging import After, First, requested
from schema.pages import Listed as Paged
from storage.along import Edge, Listed, Single
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
    """Where it lies in the parent, as `row.liked`; it is an AttributeError if it did not come."""
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
        is_told = _is_told(make)
        return _resolver(make, Straight(make, is_told, f"row.{along.name}", only), by, ask)

    return made


def computed(make: Make) -> Resolver:
    """The resolver of a field, from a function of one parent that needs nothing more."""
    return _resolver(make, Straight(make, _is_told(make)), None, None)


def first_page(
    along: Listed, listed: Paged, *, by: str, ask: Callable[[Loaders, PageRequest], Pages[Any, Any]]
) -> Callable[[Make], Resolver]:
    """The same of a list, from a function of one parent and a page: the first may come along."""

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

        # The place of a list where its size is given has no other page along.
        straight = Straight(of_rows, is_told=False, reads=f"row.{along.name}")
        return _resolver(make, straight, by, pages, of_found=of_page, adding=_PAGE)

    return made


_PAGE: Final = [
    inspect.Parameter("first", inspect.Parameter.KEYWORD_ONLY, default=20, annotation=First),
    inspect.Parameter("after", inspect.Parameter.KEYWORD_ONLY, default=None, annotation=After),
]


def _is_told(make: Make) -> bool:
    return "context" in inspect.signature(make).parameters


def _resolver(
    make: Make,
    straight: Straight,
    by: str | None,
    ask: Ask | None,
    *,
    of_found: Make | None = None,
    adding: Sequence[inspect.Parameter] = (),
) -> Resolver:
    """What answers for a list of parents with one call, as a resolver."""
    read = attrgetter(straight.reads) if straight.reads else None
    key = attrgetter(f"row.{by}")
    asking = ask or _loaded((straight.reads or "").partition(".")[2])

    async def many(parents: Sequence[Any], info: Info, **arguments: Any) -> list[Any]:
        context = info.context
        told = {"context": context} if straight.is_told else {}
        if read is None:
            return [straight.make(parent, **told, **arguments) for parent in parents]
        made = straight.make
        found = _there(parents, read) if straight.takes(arguments) else None
        if found is None:
            made = of_found or make
            found = await asking(context, [key(parent) for parent in parents], **arguments)
        each = zip(parents, found, strict=True)
        return [made(parent, value, **told, **arguments) for parent, value in each]

    signature = inspect.signature(make, eval_str=True)
    parent, *others = signature.parameters.values()
    own = [one for one in others[bool(read) :] if one.name != "context"] + list(adding)
    made = resolver_of(many, parent.annotation, own, signature.return_annotation, make)
    made.__dict__["straight"] = straight
    return made


def _there(parents: Sequence[Any], read: Callable[[Any], Any]) -> Sequence[Any] | None:
    """What came along with each of them; None if it did not."""
    try:
        return [read(parent) for parent in parents]
    except AttributeError:
        return None


def _loaded(name: str) -> Ask:
    async def ask(context: Context, keys: list[Any], /, **_: object) -> Sequence[Any]:
        found: Sequence[Any] = await getattr(context.loaders, name).many(keys)
        return found

    return ask
