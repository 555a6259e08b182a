"""Python source for a planned query.

What needs no waiting becomes a function of one object, `Photo_3(x)`. What may need some is tried
so as well, `Photo_4(x, run)`; where something is not there, a function of all objects of the
level, `Photo_5(o, run)`, asks each edge once.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import count
from typing import Any, Final, cast

from graphql import (
    GraphQLEnumType,
    GraphQLLeafType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLOutputType,
    GraphQLScalarType,
)

from server.graphql.compiled.edges import Edge, Operation
from server.graphql.compiled.leaves import NotThere, NotWritten, common, listed, writer
from server.graphql.compiled.plans import Field, Selection
from server.graphql.compiled.shapes import PLAIN, Shape

GIVEN: Final = {"NotThere": NotThere, "NotWritten": NotWritten, "listed": listed}


@dataclass(slots=True)
class Source:
    """The functions of one query as they are written, and what they refer to."""

    operation: Operation
    lines: list[str] = field(default_factory=list)
    names: dict[str, Any] = field(default_factory=lambda: dict(GIVEN))
    edges: list[Edge] = field(default_factory=list)
    _numbers: "count[int]" = field(default_factory=count)
    _places: dict[int, int] = field(default_factory=dict)
    _ones: dict[tuple[int, bool], str] = field(default_factory=dict)

    def root(self, selection: Selection) -> str:
        """The name of an asynchronous function that answers for a list of roots."""
        return self._batch(selection, is_root=True)

    def _name(self, meaning: str, value: object | None = None) -> str:
        name = f"{meaning}_{next(self._numbers)}"
        if value is not None:
            self.names[name] = value
        return name

    def _one(self, selection: Selection, *, may_ask: bool) -> str:
        """A function that makes one object without waiting.

        Where it *may_ask*, it takes the run, and says by NotThere or by an attribute that is
        missing that it has to.
        """
        known = self._ones.get((id(selection), may_ask))
        if known is not None:
            return known
        parts = [self._entry(entry, selection) for entry in selection.entries]
        name = self._ones[id(selection), may_ask] = self._name(selection.type.name)
        self.lines += [
            f"def {name}({_given('x', may_ask=may_ask)}):",
            f"    if x.__class__ is not {self._class(selection.origin)}: raise NotWritten",
            *(f"    {held} = x.{attribute}" for attribute, held in _held(selection).items()),
            f"    return {{{', '.join(parts)}}}",
        ]
        return name

    def _entry(self, entry: Field | str, selection: Selection) -> str:
        if isinstance(entry, str):
            return f"{entry!r}: {selection.type.name!r}"
        if not entry.is_attribute:
            value = self._answered(entry, _read(entry, selection))
        else:
            value = self._worked_out(entry, selection) or _read(entry, selection)
        return f"{entry.key!r}: {self._completed(entry, entry.type, value)}"

    def _worked_out(self, one: Field, selection: Selection) -> str | None:
        """The attribute of `x` where that is a property, whose function is called straight away."""
        name, origin = one.made.python_name, selection.origin
        found = getattr(origin, name, None)
        if selection.reads(one) != name or not isinstance(found, property):
            return None
        return f"{self._name(f'get_{name}', found.fget)}(x)"

    def _answered(self, one: Field, read: str) -> str:
        """What the resolver makes of the object `x` and of what is *read* of it, if anything."""
        place = self._place(one)
        edge, make = self.edges[place], f"make_{place}"
        straight = edge.straight
        assert straight is not None
        self.names[make] = straight.make
        given = ["x", *([read] if read else [])]
        given += ["context=run.context"] if straight.is_told else []
        given += [f"**run.given({place})"] if edge.same is None else []
        for name, argument in (edge.same or {}).items():
            self.names[f"given_{place}_{name}"] = argument
            given.append(f"{name}=given_{place}_{name}")
        return f"{make}({', '.join(given)})"

    def _place(self, one: Field) -> int:
        """Where the field stands among the edges."""
        if id(one) not in self._places:
            self._places[id(one)] = len(self.edges)
            self.edges.append(Edge.of(one, self.operation))
        return self._places[id(one)]

    def _may_be_straight(self, selection: Selection) -> bool:
        """Whether all of it, and all below, may lie in the objects already."""
        return all(
            (one.is_attribute or self.edges[self._place(one)].straight is not None)
            and all(map(self._may_be_straight, one.below))
            for one in selection.fields
        )

    def _class(self, origin: type) -> str:
        name = f"class_{origin.__name__}"
        self.names[name] = origin
        return name

    def _batch(
        self, selection: Selection, *, is_root: bool = False, was_tried: bool = False
    ) -> str:
        """A function that makes all objects of a level, and waits once for each edge.

        What *was_tried* cannot be made without asking. Of several types one need not be the
        reason, so each is tried.
        """
        # A level of a choice need not have anything to ask for.
        may_be_tried = selection.needs_asking and not is_root and not was_tried
        is_tried = may_be_tried and self._may_be_straight(selection)
        body = self._straight(selection) if is_tried else []
        body += [] if is_root else self._check(selection)
        asked = [one for one in selection.fields if not one.is_attribute]
        read = [one for one in selection.fields if one.is_attribute and one.needs_asking]
        body += self._asking(asked)
        body += [
            f"    c{n} = [{_read(one, selection, is_held=False)} for x in o]"
            for n, one in enumerate(read, start=len(asked))
        ]
        columns = {one.key: n for n, one in enumerate([*asked, *read])}
        # If there is nothing else that it can have failed for, it will fail there again.
        fails = (is_tried or was_tried) and not asked and len(read) == 1
        for one in (*asked, *read):
            body += self._level(one, f"c{columns[one.key]}", was_tried=fails)
        parts = [self._part(entry, selection, columns) for entry in selection.entries]
        holding = _held(selection, is_straight=False)
        held = "".join(f" for {name} in (x.{of},)" for of, name in holding.items())
        body.append(f"    return [{{{', '.join(parts)}}} {_loop(len(columns))}{held}]")
        name = self._name(selection.type.name)
        self.lines += [f"async def {name}(o, run):", *body]
        return name

    def _straight(self, selection: Selection) -> list[str]:
        """Tries to make the level without asking."""
        return [
            "    try:",
            f"        return [{self._one(selection, may_ask=True)}(x, run) for x in o]",
            "    except NotThere:",
            "        pass",
            "    except AttributeError as error:",
            f"        if error.name not in {sorted(_brought(selection))}: raise",
        ]

    def _check(self, selection: Selection) -> list[str]:
        return [
            "    for x in o:",
            f"        if x.__class__ is not {self._class(selection.origin)}: raise NotWritten",
        ]

    def _part(self, entry: Field | str, selection: Selection, columns: dict[str, int]) -> str:
        if isinstance(entry, str) or entry.key not in columns:
            return self._entry(entry, selection)
        value = f"y{columns[entry.key]}"
        if not _may_ask(entry):
            value = self._completed(entry, entry.type, value)
        return f"{entry.key!r}: {value}"

    def _asking(self, asked: Sequence[Field]) -> list[str]:
        places = [str(self._place(one)) for one in asked]
        if not asked:
            return []
        if len(asked) == 1:
            way = "many" if asked[0].many else "each"
            return [f"    c0 = await run.{way}({places[0]}, o)"]
        columns = ", ".join(f"c{n}" for n in range(len(asked)))
        return [f"    {columns} = await run.together(o, {', '.join(places)})"]

    def _level(self, one: Field, column: str, *, was_tried: bool) -> list[str]:
        """What is below a field, made for the objects of all its values at once."""
        if not _may_ask(one):
            return []
        of = Shape.of_type(one.type)
        if of == PLAIN:
            return [f"    {column} = await {self._below(one, was_tried=was_tried)}({column}, run)"]
        shape, below = self._name("shape", of), self._below(one, was_tried=was_tried)
        return [
            f"    made = iter(await {below}({shape}.objects({column}), run))",
            f"    {column} = {shape}.rebuilt({column}, made)",
        ]

    def _below(self, one: Field, *, was_tried: bool) -> str:
        if len(one.below) == 1:
            return self._batch(one.below[0], was_tried=was_tried)
        makers = self._choices(one, self._batch)
        name = self._name("choice")
        self.lines += [f"async def {name}(o, run):", f"    return await run.sorted(o, {makers})"]
        return name

    def _choices(self, one: Field, make: Callable[[Selection], str]) -> str:
        """A maker for each class that the field's objects can be of."""
        makers = [f"{self._class(below.origin)}: {make(below)}" for below in one.below]
        return f"{{{', '.join(makers)}}}"

    def _completed(self, one: Field, type: GraphQLOutputType, value: str, depth: int = 0) -> str:
        """An expression that writes the expression *value* as its type."""
        if not isinstance(type, GraphQLNonNull):
            if isinstance(type, GraphQLScalarType | GraphQLEnumType):
                return self._leaf(type, value, or_null=True)
            inner = self._completed(one, GraphQLNonNull(cast("Any", type)), "w", depth)
            return f"(None if (w := {value}) is None else {inner})"
        bare = type.of_type
        if isinstance(bare, GraphQLList):
            item = f"i{depth}"
            inner = self._completed(one, bare.of_type, item, depth + 1)
            return f"[{inner} for {item} in listed({value})]"
        if one.below:
            return f"{self._maker(one)}({_given(value, may_ask=_may_ask(one))})"
        return self._leaf(cast("GraphQLLeafType", bare), value)

    def _maker(self, one: Field) -> str:
        may_ask = _may_ask(one)
        if len(one.below) == 1:
            return self._one(one.below[0], may_ask=may_ask)
        name = self._name("choice")
        made = partial(self._one, may_ask=may_ask)
        given = _given("x", may_ask=may_ask)
        self.lines.append(f"{name} = {self._choices(one, made)}")
        # An object of any other class is a KeyError, which gives the query up as well.
        self.lines += [f"def make_{name}({given}):", f"    return {name}[x.__class__]({given})"]
        return f"make_{name}"

    def _leaf(self, leaf: GraphQLLeafType, value: str, *, or_null: bool = False) -> str:
        write, known = f"write_{leaf.name}", common(leaf)
        self.names.setdefault(write, writer(leaf))
        # It is read once: it may have to be worked out.
        once = f"(v := {value})"
        if known is None:
            return f"(None if {once} is None else {write}(v))" if or_null else f"{write}({value})"
        self.names.update(known.names)
        if or_null:
            shown = f"{known.written} if {known.is_one} else {write}(v)"
            return f"(None if {once} is None else {shown})"
        return f"({known.written} if {known.is_one.replace('v', once, 1)} else {write}(v))"


def _may_ask(one: Field) -> bool:
    return any(below.needs_asking for below in one.below)


def _given(value: str, *, may_ask: bool) -> str:
    return f"{value}, run" if may_ask else value


def _held(selection: Selection, *, is_straight: bool = True) -> dict[str, str]:
    """What is passed on through, and the name of what is read of it once."""
    read = (
        selection.reads(one) or ""
        for one in selection.fields
        if is_straight or (one.is_attribute and not one.needs_asking)
    )
    through = (path.rpartition(".")[0] for path in read)
    return {of: f"x_{of}" for of in dict.fromkeys(through) if of.isidentifier()}


def _brought(selection: Selection) -> set[str]:
    """The attributes that may be missing in what is read of it and of all below it."""
    found = {
        (selection.reads(one) or "").rpartition(".")[2]
        for one in selection.fields
        if not one.is_attribute
    }
    return found.union(*(_brought(below) for one in selection.fields for below in one.below))


def _read(one: Field, selection: Selection, *, is_held: bool = True) -> str:
    """What is read of `x` for a field; empty for nothing."""
    path = selection.reads(one)
    if path is None:
        return ""
    held, _, attribute = path.rpartition(".")
    of = _held(selection).get(held) if is_held else None
    return f"{of}.{attribute}" if of else f"x.{path}"


def _loop(columns: int) -> str:
    if columns == 0:
        return "for x in o"
    values = "".join(f", y{n}" for n in range(columns))
    from_ = "".join(f", c{n}" for n in range(columns))
    return f"for x{values} in zip(o{from_}, strict=True)"
