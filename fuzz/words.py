"""The values that exist, bound to the arguments that take such values.

Without them a generator of random texts never gets past NOT_FOUND. Source of the format:
https://schemathesis.readthedocs.io/en/stable/guides/dictionaries/.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field

from graphql import (
    GraphQLInputType,
    GraphQLSchema,
    get_named_type,
    is_input_object_type,
    is_list_type,
    is_non_null_type,
    is_object_type,
)

SIZES = [1, 2, 3, 20, 100]
# How often a value is one that exists; else it is generated.
OFTEN = 0.95


@dataclass(slots=True)
class Words:
    """What can be asked for."""

    ids: list[str] = field(default_factory=list)
    names: list[str] = field(default_factory=list)
    cursors: list[str] = field(default_factory=list)

    def add(self, other: "Words") -> None:
        self.ids += other.ids
        self.names += other.names
        self.cursors += other.cursors


def configuration(schema: GraphQLSchema, words: Words) -> str:
    """The text of a schemathesis.toml."""
    lines = [
        f"[dictionaries]\nids = {{ values = {json.dumps(words.ids)} }}",
        f"names = {{ values = {json.dumps(words.names)} }}",
        f"cursors = {{ values = {json.dumps(words.cursors)} }}",
        f"sizes = {{ values = {json.dumps(SIZES)} }}",
        "[parameters]",
    ]
    lines += [
        f'"{place}" = {{ dictionary = "{dictionary}", probability = {OFTEN} }}'
        for place, dictionary in _places(schema)
    ]
    return "\n".join(lines)


def _places(schema: GraphQLSchema) -> Iterator[tuple[str, str]]:
    for kind in schema.type_map.values():
        if not is_object_type(kind) or kind.name.startswith("__"):
            continue
        for field_name, of in kind.fields.items():
            for name, argument in of.args.items():
                yield from _below(f"{kind.name}.{field_name}.{name}", name, argument.type)


def _below(place: str, name: str, kind: GraphQLInputType) -> Iterator[tuple[str, str]]:
    kind = kind.of_type if is_non_null_type(kind) else kind
    if is_list_type(kind):
        yield from _below(f"{place}[*]", name, kind.of_type)
    elif is_input_object_type(kind):
        for below, of in kind.fields.items():
            yield from _below(f"{place}.{below}", below, of.type)
    elif dictionary := _dictionary(name, get_named_type(kind).name):
        yield place, dictionary


def _dictionary(name: str, kind: str) -> str | None:
    if kind == "ID":
        return "ids"
    return {"first": "sizes", "after": "cursors", "username": "names"}.get(name)
