"""The printed schema: what clients generate code from."""

import subprocess
import sys
from pathlib import Path

import pytest
from graphql import (
    GraphQLArgument,
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLObjectType,
    build_schema,
)

from server.sdl import printed

ROOT = Path(__file__).parents[1]
COMMITTED = ROOT / "schema" / "schema.graphql"
SHARED = ROOT.parent / "shared"


def test_the_committed_schema_is_the_served_one():
    assert COMMITTED.read_text() == printed(), "run `make schema` and review the difference"


def test_everything_is_described():
    assert sorted(_undescribed()) == []


def _undescribed():
    for name, kind in build_schema(printed()).type_map.items():
        if name.startswith("__") or name in {"String", "Int", "Float", "Boolean", "ID"}:
            continue
        if not kind.description:
            yield name
        if isinstance(kind, GraphQLEnumType):
            yield from (
                f"{name}.{key}" for key, value in kind.values.items() if not value.description
            )
        if isinstance(kind, GraphQLObjectType | GraphQLInterfaceType | GraphQLInputObjectType):
            for key, field in kind.fields.items():
                if not field.description:
                    yield f"{name}.{key}"
                arguments: dict[str, GraphQLArgument] = getattr(field, "args", {})
                yield from (
                    f"{name}.{key}({argument})"
                    for argument, value in arguments.items()
                    if not value.description
                )


def test_nothing_contradicts_the_contract():
    check = SHARED / "check_contract.py"
    if not check.exists():
        pytest.skip("the contract lies beside the project, and is not there")
    said = subprocess.run(
        [sys.executable, check, COMMITTED], capture_output=True, text=True, check=False
    ).stdout.splitlines()
    differences = [line for line in said[:-1] if line and not line.startswith("missing ")]
    assert differences == []
