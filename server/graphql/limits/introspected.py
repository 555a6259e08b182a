"""What introspection costs: it reads no rows, but it walks the whole schema.

Ten entries of an answer cost as much as a row.
"""

from collections.abc import Sequence
from typing import Final

from graphql import GraphQLSchema, SelectionSetNode

from server.graphql.limits.counting import Fragments, below, merged

ENTRIES: Final = ("__schema", "__type")
SHARE: Final = 10
# How many of them there are of one type or field of an ordinary schema.
_LISTS: Final = {
    "fields": 6,
    "args": 2,
    "inputFields": 3,
    "enumValues": 2,
    "interfaces": 1,
    "possibleTypes": 1,
}


def is_entry(name: str) -> bool:
    """Whether a root field of that name begins introspection."""
    return name in ENTRIES


def cost(schema: GraphQLSchema, sets: Sequence[SelectionSetNode], fragments: Fragments) -> int:
    """The cost of what is selected of `__schema` or `__type`."""
    lists = _LISTS | {"types": len(schema.type_map), "directives": len(schema.directives)}
    return 1 + _entries(sets, fragments, lists) // SHARE


def _entries(sets: Sequence[SelectionSetNode], fragments: Fragments, lists: dict[str, int]) -> int:
    total = 0
    for nodes in merged(sets, fragments).values():
        selected = below(nodes)
        if selected:
            count = lists.get(nodes[0].name.value, 1)
            total += count * (1 + _entries(selected, fragments, lists))
    return total
