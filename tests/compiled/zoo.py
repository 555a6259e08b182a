"""A schema of every shape: abstract types, lists in lists, nulls, and resolvers that fail."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum
from types import SimpleNamespace
from typing import Annotated

import strawberry

from resolvers.batches import Batches, batched
from resolvers.edges import Straight
from resolvers.extend import extend


@dataclass
class Keeper:
    """What decides, by their names and numbers, which fields fail and which are null."""

    failing: set[str] = field(default_factory=set)
    missing: set[str] = field(default_factory=set)
    batches: Batches = field(default_factory=Batches)
    asked: list[list[int]] = field(default_factory=list)
    """The numbers of the animals whose toys had to be asked for, by call."""
    tried: list[int] = field(default_factory=list)
    """The numbers of those whose toys were made, for an answer or in vain."""

    def found(self, name: str, value: object) -> object:
        if name in self.failing:
            raise LookupError(name)
        return None if name in self.missing else value


Info = strawberry.Info[Keeper, None]
TRICKS = (("sit",), (), ("roll", "over"))


@strawberry.enum
class Mood(Enum):
    CALM = "calm"
    WILD = "wild"


@strawberry.interface
class Animal:
    number: int
    name: str

    @strawberry.field
    def mood(self, info: Info) -> Mood:
        return info.context.found(f"mood{self.number}", Mood.CALM)

    @strawberry.field
    async def friend(self, info: Info) -> Animal | None:
        await asyncio.sleep(0)
        return info.context.found(f"friend{self.number}", animal(self.number + 1))

    @strawberry.field
    def others(self, info: Info) -> list[Animal]:
        near = [animal(self.number + 1), animal(self.number + 2)]
        return info.context.found(f"others{self.number}", near)


@strawberry.type
class Mouse:
    tail: float


@strawberry.type
class Bird:
    song: list[str | None]


Prey = Annotated[Mouse | Bird, strawberry.union("Prey")]


@strawberry.type
class Toy:
    sound: str
    owner: strawberry.Private[Cat]


@strawberry.type
class Cat(Animal):
    lives: int | None = 9
    bag: strawberry.Private[object] = None

    def __post_init__(self) -> None:
        # The first ones come without.
        if self.number > 1:
            self.bag = SimpleNamespace(sound=squeak(self.number))

    @strawberry.field
    async def prey(
        self, info: Info
    ) -> list[Annotated[Mouse | Bird, strawberry.union("Prey")] | None]:
        some = [Mouse(tail=1.5), None, Bird(song=["tu", None, "wit"])]
        return info.context.found(f"prey{self.number}", some)


@strawberry.type
class Dog(Animal):
    tricks: list[list[str]] = strawberry.field(
        default_factory=lambda: [["sit"], [], ["roll", "over"]]
    )


def animal(number: int) -> Animal:
    made = Cat if number % 2 else Dog
    return made(number=number, name=f"a{number}")


@batched
async def keeper_names(animals: Sequence[Cat], info: Info, *, loud: bool = False) -> list[str]:
    """Who looks after it."""
    names = [info.context.found(f"keeper{one.number}", f"keeper of {one.name}") for one in animals]
    return [name.upper() if loud and name else name for name in names]


@batched
async def grids(animals: Sequence[Dog], info: Info) -> list[list[list[Cat | None]] | None]:
    """Cats it has seen, by day."""
    return [
        info.context.found(f"grid{one.number}", [[cat(one.number), None], [cat(one.number + 2)]])
        for one in animals
    ]


def squeak(number: int) -> str:
    return f"squeak {number}"


def _toy(owner: Cat, sound: str, context: Keeper, *, loud: bool = False, big: bool = False) -> Toy:
    context.tried.append(owner.number)
    if f"bug{owner.number}" in context.failing:
        return owner.no_such_attribute
    made = Toy(sound=sound.upper() if loud else sound + "!" * big, owner=owner)
    return context.found(f"toy{owner.number}", made)


@batched
async def toys(
    owners: Sequence[Cat], info: Info, *, loud: bool = False, big: bool = False
) -> list[Toy | None]:
    """What it plays with."""
    keeper = info.context
    keeper.asked.append([one.number for one in owners])
    return [_toy(one, squeak(one.number), keeper, loud=loud, big=big) for one in owners]


# Big ones are not in the bag.
toys.straight = Straight(_toy, is_told=True, reads="bag.sound", only=lambda *, loud, big: not big)


def _name(toy: Toy, *, twice: bool = False) -> str:
    return f"{toy.owner.name}'s toy" * (1 + twice)


@batched
async def toy_names(toys: Sequence[Toy], _info: Info, *, twice: bool = False) -> list[str]:
    """What it is called."""
    return [_name(one, twice=twice) for one in toys]


toy_names.straight = Straight(_name, is_told=False)


def cat(number: int) -> Cat:
    return Cat(number=number, name=f"c{number}")


@strawberry.type
class Basket:
    cats: list[Cat]
    others: list[Cat]
    few: list[Cat]


@strawberry.type
class Query:
    @strawberry.field
    def baskets(self) -> list[Basket]:
        return [
            Basket(cats=[cat(n), cat(n + 2)], others=[cat(n + 4)], few=[cat(n + 1), cat(1)])
            for n in (2, 6)
        ]

    @strawberry.field
    async def animals(self, info: Info) -> list[Animal]:
        return info.context.found("animals", [animal(n) for n in range(3)])

    @strawberry.field
    def cats(self, info: Info) -> list[Cat | None] | None:
        return info.context.found("cats", [cat(1), None, cat(3)])

    @strawberry.field
    def given(
        self,
        text: str = "a",
        count: int | None = 3,
        id: strawberry.ID | None = strawberry.UNSET,
        mood: Mood = Mood.CALM,
        moods: list[Mood] | None = None,
    ) -> str:
        return repr((text, count, id, mood, moods))

    @strawberry.field
    def told(self, info: Info, count: int = 1) -> str:
        """All that a resolver can learn of what was asked."""
        field, operation = info.selected_fields[0], info.operation.name
        of = info.return_type, info.python_name, info.root_value, info.schema is zoo
        asked = info.field_name, field.name, field.alias, field.arguments, info.variable_values
        return repr((*of, *asked, operation and operation.value, info.path.key, count))

    @strawberry.field
    async def dog(self, info: Info) -> Dog:
        return info.context.found("dog", Dog(number=2, name="d2"))


extend(Toy, name=toy_names)
extend(Cat, keeper=keeper_names, toy=toys)
extend(Dog, grid=grids)

zoo = strawberry.Schema(query=Query, types=[Cat, Dog])
