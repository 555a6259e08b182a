"""Documents over the schema, valid by construction, as Hypothesis draws them."""

import json
from dataclasses import dataclass, field
from typing import Any

import hypothesis.strategies as st
from graphql import (
    GraphQLArgument,
    GraphQLField,
    GraphQLNamedType,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLSchema,
    get_named_type,
    is_abstract_type,
    is_enum_type,
    is_input_object_type,
    is_leaf_type,
    is_list_type,
    is_required_argument,
)

DEEPEST = 5
# What answers otherwise a moment later.
MOMENTARY = {"originalUrl", "TOP"}


@dataclass
class Known:
    """Values that make arguments find something."""

    ids: list[str]
    names: list[str]
    cursors: list[str]


@dataclass
class Drawing:
    """One document while it is drawn."""

    schema: GraphQLSchema
    draw: Any
    known: Known
    declared: dict[str, str] = field(default_factory=dict)
    values: dict[str, Any] = field(default_factory=dict)
    fragments: list[str] = field(default_factory=list)
    aliases: int = 0

    def chance(self, one_in: int) -> bool:
        return self.draw(st.integers(1, one_in)) == 1

    def one(self, choices: list[Any]) -> Any:
        return choices[self.draw(st.integers(0, len(choices) - 1))]

    def document(self) -> tuple[str, dict[str, Any]]:
        assert self.schema.query_type
        chosen = self.selections(self.schema.query_type, 0)
        declared = ", ".join(f"${name}: {type}" for name, type in self.declared.items())
        head = f"query({declared})" if declared else "query"
        return "\n".join([f"{head} {chosen}", *self.fragments]), self.values

    def selections(self, type: GraphQLNamedType, depth: int) -> str:
        entries = [self.entry(type, depth) for _ in range(self.draw(st.integers(1, 4)))]
        return "{ " + " ".join(entries) + " }"

    def entry(self, type: GraphQLNamedType, depth: int) -> str:
        kind = self.draw(st.integers(1, 12))
        if kind == 1:
            return f"__typename{self.directive()}"
        if kind in {2, 3} and depth < DEEPEST:
            narrowed = self.narrowed(type)
            inner = self.selections(narrowed, depth + 1)
            if kind == 2:
                on = f" on {narrowed.name}" if narrowed is not type or self.chance(2) else ""
                return f"...{on}{self.directive()} {inner}"
            name = f"F{len(self.fragments)}"
            self.fragments.append(f"fragment {name} on {narrowed.name} {inner}")
            return f"...{name}{self.directive()}"
        return self.field(type, depth)

    def narrowed(self, type: GraphQLNamedType) -> Any:
        if is_abstract_type(type):
            return self.one([type, *self.schema.get_possible_types(type)])
        return self.one([type, *type.interfaces]) if isinstance(type, GraphQLObjectType) else type

    def field(self, type: Any, depth: int) -> str:
        fields = [
            (name, made)
            for name, made in getattr(type, "fields", {}).items()
            if (depth < DEEPEST or is_leaf_type(get_named_type(made.type)))
            and name not in MOMENTARY
        ]
        if not fields:
            return "__typename"
        name, made = self.one(fields)
        written = self.written_field(name, made, depth)
        # The same once more with other arguments, which may be answered otherwise.
        again = not {"first", "format"}.isdisjoint(made.args) and self.chance(3)
        return f"{written} {self.written_field(name, made, depth)}" if again else written

    def written_field(self, name: str, made: GraphQLField, depth: int) -> str:
        below = get_named_type(made.type)
        inner = "" if is_leaf_type(below) else f" {self.selections(below, depth + 1)}"
        # An alias of its own for what has arguments: the same key must not mean two things.
        alias = ""
        if made.args or self.chance(5):
            self.aliases += 1
            alias = f"a{self.aliases}: "
        return f"{alias}{name}{self.arguments(made)}{self.directive()}{inner}"

    def directive(self) -> str:
        if not self.chance(8):
            return ""
        name, value = self.one(["skip", "include"]), self.draw(st.booleans())
        if self.chance(2):
            return f" @{name}(if: {json.dumps(value)})"
        return f" @{name}(if: {self.variable('Boolean!', value)})"

    def variable(self, type: str, value: Any) -> str:
        name = f"v{len(self.declared)}"
        self.declared[name], self.values[name] = type, value
        return f"${name}"

    def arguments(self, made: GraphQLField) -> str:
        given = [
            f"{name}: {self.argument(name, argument)}"
            for name, argument in made.args.items()
            if is_required_argument(argument) or self.chance(2)
        ]
        return f"({', '.join(given)})" if given else ""

    def argument(self, name: str, argument: GraphQLArgument) -> str:
        value = self.value(name, argument.type)
        if self.chance(3):
            return self.variable(str(argument.type), value)
        return written(value, get_named_type(argument.type))

    def value(self, name: str, type: Any) -> Any:
        if not isinstance(type, GraphQLNonNull) and self.chance(6):
            return None
        bare = type.of_type if isinstance(type, GraphQLNonNull) else type
        if is_list_type(bare):
            return [self.value(name, bare.of_type) for _ in range(self.draw(st.integers(0, 3)))]
        if is_enum_type(bare):
            return self.one([one for one in bare.values if one not in MOMENTARY])
        if is_input_object_type(bare):
            return {
                key: self.value(key, made.type)
                for key, made in bare.fields.items()
                if isinstance(made.type, GraphQLNonNull) or self.chance(2)
            }
        return self.leaf(name, bare.name)

    def leaf(self, name: str, type: str) -> Any:
        if name == "after":
            return self.one([*self.known.cursors, "no cursor"])
        match type:
            case "ID":
                return self.one([*self.known.ids, "photo_0", "nothing"])
            case "Int":
                return self.one([1, 2, 3, 20, 640, 0])
            case "Float":
                return self.one([0.0, 48.1, 11.5])
            case "Boolean":
                return self.draw(st.booleans())
        return self.one([*self.known.names, "", "sunset", "'*%"])


def written(value: Any, named: GraphQLNamedType) -> str:
    """The value as it stands in a document."""
    if value is None:
        return "null"
    if isinstance(value, list):
        return "[" + ", ".join(written(one, named) for one in value) + "]"
    if isinstance(value, dict):
        fields = named.fields  # type: ignore[attr-defined]
        inner = (
            f"{key}: {written(one, get_named_type(fields[key].type))}" for key, one in value.items()
        )
        return "{" + ", ".join(inner) + "}"
    return value if is_enum_type(named) else json.dumps(value)
