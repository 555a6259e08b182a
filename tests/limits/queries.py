"""Valid queries over the whole schema, the same for the same seed."""

import random

from graphql import (
    get_named_type,
    is_composite_type,
    is_interface_type,
    is_required_argument,
)

DEEPEST = 7


class Queries:
    def __init__(self, schema, ids, username, seed):
        self._schema = schema
        self._ids = ids
        self._username = username
        self._random = random.Random(seed)

    def one(self):
        return self._selected(self._schema.query_type, 0)

    def _selected(self, kind, depth):
        fields = [*kind.fields.items()]
        self._random.shuffle(fields)
        count = self._random.randint(1, 4)
        leaves = [one for one in fields if not is_composite_type(get_named_type(one[1].type))]
        others = [one for one in fields if one not in leaves]
        chosen = leaves[:2] + others[:count] if depth < DEEPEST else leaves[:3]
        parts = [text for name, field in chosen if (text := self._field(name, field, depth))]
        if is_interface_type(kind):
            possible = self._random.choice(self._schema.get_possible_types(kind))
            parts = [f"... on {possible.name} {self._selected(possible, depth)}"]
        return "{ " + " ".join(parts or ["__typename"]) + " }"

    def _field(self, name, field, depth):
        arguments = self._arguments(field)
        if arguments is None:
            return ""
        named = get_named_type(field.type)
        if not is_composite_type(named):
            return f"f{self._random.randrange(9)}{name}: {name}{arguments}" if arguments else name
        if name in {"edges", "node"} or depth < DEEPEST - 1:
            return f"{name}{arguments} {self._selected(named, depth + 1)}"
        return ""

    def _arguments(self, field):
        given = []
        for name, argument in field.args.items():
            value = self._value(name)
            if value is None and is_required_argument(argument):
                return None
            if value is not None:
                given.append(f"{name}: {value}")
        return f"({', '.join(given)})" if given else ""

    def _value(self, name):
        match name:
            case "first":
                return self._random.choice([None, 1, 2, 3, 5, 20, 100])
            case "id":
                return f'"{self._random.choice(self._ids)}"'
            case "ids":
                chosen = self._random.sample(self._ids, 5)
                return "[" + " ".join(f'"{id}"' for id in chosen) + "]"
            case "username":
                return f'"{self._username}"'
            case "minWidth" | "size":
                return self._random.choice([None, 1, 500])
            case _:
                return None
