"""A compiled query answers, byte for byte, what graphql-core answers."""

import asyncio
import gc
import os
from collections import Counter

import hypothesis.strategies as st
import orjson
import pytest
from graphql import ExecutionResult, OperationDefinitionNode, execute, parse, validate
from hypothesis import HealthCheck, Phase, given, settings

from resolvers.context import Caller, Context
from resolvers.graph import core
from server.graphql.compiled import Abandoned, compiled
from tests.compiled.documents import Drawing

DOCUMENTS = int(os.environ.get("PICSHARE_TEST_DOCUMENTS", "100"))


async def by_graphql_core(document, context, variables):
    result = execute(core, document, None, context, variables)
    return result if isinstance(result, ExecutionResult) else await result


async def by_compiled(document, context, variables):
    node = next(one for one in document.definitions if isinstance(one, OperationDefinitionNode))
    query = compiled(core, document, node)
    assert query is not None
    return await query.answer(context, variables)


# graphql-core gives up coroutines that it has begun when a field beside them fails.
@pytest.mark.filterwarnings("ignore:coroutine .* was never awaited:RuntimeWarning")
async def test_generated_documents_are_answered_alike(built, world):
    loop, kinds = asyncio.get_running_loop(), Counter()

    @settings(
        max_examples=DOCUMENTS,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
    )
    @given(st.data())
    def agree(data):
        text, variables = Drawing(core, data.draw, world.known).document()
        viewer = data.draw(st.sampled_from([None, *world.sessions]))
        compare = answers(built, viewer, text, variables)
        kind, ours, theirs = asyncio.run_coroutine_threadsafe(compare, loop).result(60)
        kinds[kind] += 1
        assert ours == theirs, (text, variables)

    await asyncio.to_thread(agree)
    gc.collect()
    # Most are worth comparing: they are valid and graphql-core finds no errors in them.
    assert kinds["compiled"] >= DOCUMENTS // 3, kinds


async def answers(built, viewer, text, variables):
    """What became of the document, and its answer both ways; what is abandoned has but one."""
    document = parse(text)
    if validate(core, document):
        return "invalid", None, None
    expected = await by_graphql_core(document, Context(built, Caller(viewer)), variables)
    given_up = None
    try:
        data = await by_compiled(document, Context(built, Caller(viewer)), variables)
    except Abandoned as error:
        given_up = error.__cause__ or error
    # Only what has errors is given up.
    assert bool(given_up) is bool(expected.errors), (text, variables, given_up, expected.errors)
    if given_up:
        return "errors", None, None
    return "compiled", orjson.dumps(data), orjson.dumps(expected.data)
