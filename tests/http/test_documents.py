"""What is remembered of documents is bounded, however many different ones are sent."""

import asyncio
import tracemalloc
from contextlib import suppress

import pytest
from graphql import OperationDefinitionNode
from graphql.execution.values import VariableValues

from resolvers.graph import core
from server.graphiql import examples
from server.graphql.compiled import Abandoned
from server.graphql.documents import MOST_WAITING, SHORT, Documents
from server.graphql.limits import Limits
from storage.reached import Unavailable


@pytest.fixture
def documents():
    opened = Documents(core)
    yield opened
    opened.close()


def named(name, length=40):
    return f"query {name} {{ __typename }}".ljust(length)


async def test_the_same_text_is_parsed_once(documents):
    assert await documents.of(named("A")) is await documents.of(named("A"))


async def test_what_cannot_be_executed_is_not_remembered(documents):
    for text in ("{ nothing }", "{"):
        assert (await documents.of(text)).errors
        assert await documents.of(text) is not await documents.of(text)


async def test_what_is_larger_than_the_memory_is_not_remembered():
    documents = Documents(core, Limits(cache_bytes=1_000))
    assert await documents.of(named("A")) is not await documents.of(named("A"))
    documents.close()


async def test_what_was_not_used_for_longest_makes_room():
    texts = [named(f"A{n}") for n in range(10)]
    size = (await Documents(core).of(texts[0])).bytes
    documents = Documents(core, Limits(cache_bytes=10 * size))
    first = [await documents.of(text) for text in texts]
    assert await documents.of(texts[0]) is first[0]

    await documents.of(named("B1"))

    assert await documents.of(texts[0]) is first[0]
    assert await documents.of(texts[2]) is first[2]
    assert await documents.of(texts[1]) is not first[1]
    documents.close()


def plan(document):
    """What the first execution of each of its queries adds to it."""
    operations = document.ast.definitions
    for node in (each for each in operations if isinstance(each, OperationDefinitionNode)):
        query = document.operation(core, node.name and node.name.value).query
        if query is not None:
            with suppress(Abandoned):
                query.plan(VariableValues({}, {}))


async def test_the_memory_that_is_counted_is_at_least_what_is_taken():
    texts = [example.document for example in examples()]
    texts += ["{ nodes(ids: [" + "1 " * n + "]) { id } }" for n in range(1, 100)]
    # Python keeps copies of patterns and the like, once.
    await Documents(core).of(texts[0])
    tracemalloc.start()
    documents = Documents(core)
    kept = [await documents.of(text) for text in texts]
    for document in kept:
        plan(document)
    taken, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    documents.close()

    assert not [one.errors for one in kept if one.errors]
    assert taken <= sum(one.bytes for one in kept)


async def test_long_ones_are_read_beside_the_loop_and_only_so_many_wait(documents):
    texts = [named(f"A{n}", SHORT + 1) for n in range(MOST_WAITING + 1)]

    found = await asyncio.gather(*map(documents.of, texts), return_exceptions=True)

    assert [isinstance(one, Unavailable) for one in found] == [False] * MOST_WAITING + [True]
    assert (await documents.of(texts[-1])).errors == ()
