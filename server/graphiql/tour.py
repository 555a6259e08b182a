"""The operations that GraphiQL offers to a newcomer, in the order of a tour."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import takewhile
from pathlib import Path
from typing import Any

from graphql import OperationDefinitionNode, parse

_HERE = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Example:
    """One operation that can be sent as it stands.

    A variable in angle brackets stands for a value that only a running server knows, such as an id.
    """

    name: str
    kind: str
    summary: str
    document: str
    variables: dict[str, Any]


@cache
def examples() -> tuple[Example, ...]:
    """Every example, each with the comment above it and its own variables."""
    variables = json.loads((_HERE / "examples.json").read_text())
    return tuple(
        Example(name, kind, _summary(document), document, variables.get(name, {}))
        for name, kind, document in _operations((_HERE / "examples.graphql").read_text())
    )


def _summary(document: str) -> str:
    lines = takewhile(lambda line: line.startswith("# "), document.splitlines())
    return " ".join(line.removeprefix("# ") for line in lines)


def _operations(source: str) -> Iterator[tuple[str, str, str]]:
    start = 0
    for node in parse(source).definitions:
        assert isinstance(node, OperationDefinitionNode)
        assert node.name
        assert node.loc
        yield node.name.value, node.operation.value, source[start : node.loc.end].strip()
        start = node.loc.end
