"""An input takes what it declares, and nothing of what only the server decides."""

from itertools import chain

import pytest
from graphql import get_named_type, is_input_object_type

from resolvers.graph import core
from tests.limits.conftest import codes

INPUTS = [name for name, kind in core.type_map.items() if is_input_object_type(kind)]
OURS = ("ownerId", "userId", "role", "isModerator", "originalKey", "status", "likeCount")
CALLS = [
    (operation, name, argument, get_named_type(of.type).name)
    for operation, root in (("query", core.query_type), ("mutation", core.mutation_type))
    for name, field in root.fields.items()
    for argument, of in field.args.items()
    if is_input_object_type(get_named_type(of.type))
]


def test_no_input_declares_what_is_ours():
    declared = set(chain.from_iterable(core.type_map[name].fields for name in INPUTS))
    assert declared & set(OURS) == set()


@pytest.mark.parametrize(("operation", "name", "argument", "kind"), CALLS)
async def test_what_is_ours_cannot_be_given(client, ann, operation, name, argument, kind):
    below = f"{operation}($it: {kind}!) {{ {name}({argument}: $it) {{ __typename }} }}"
    for member in OURS:
        literal = f"{operation} {{ {name}({argument}: {{{member}: true}}) {{ __typename }} }}"
        for asked in ({"query": literal}, {"query": below, "variables": {"it": {member: True}}}):
            answer = await client.post(
                "/graphql", json=asked, headers={"Authorization": f"Bearer {ann.token}"}
            )
            assert set(codes(answer)) == {"BAD_USER_INPUT"}
            assert member in answer.text
            assert "data" not in answer.json()
