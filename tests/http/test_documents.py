"""What is remembered of documents is bounded, however many different ones are sent."""

import pytest

from resolvers.graph import core
from server.graphql.documents import KEPT_CHARACTERS, LONGEST_KEPT, Documents


@pytest.fixture
def documents():
    return Documents(core)


def named(name, length=40):
    return f"query {name} {{ __typename }}".ljust(length)


def test_the_same_text_is_parsed_once(documents):
    assert documents.of(named("A")) is documents.of(named("A"))


def test_what_cannot_be_executed_is_not_remembered(documents):
    for text in ("{ nothing }", "{"):
        assert documents.of(text).errors
        assert documents.of(text) is not documents.of(text)


def test_a_very_long_text_is_not_remembered(documents):
    kept, passing = named("A", LONGEST_KEPT), named("B", LONGEST_KEPT + 1)

    assert documents.of(kept) is documents.of(kept)
    assert documents.of(passing) is not documents.of(passing)


def test_what_was_not_used_for_longest_makes_room(documents):
    texts = [named(f"A{n}", LONGEST_KEPT) for n in range(KEPT_CHARACTERS // LONGEST_KEPT)]
    first = [documents.of(text) for text in texts]
    assert documents.of(texts[0]) is first[0]

    documents.of(named("B", LONGEST_KEPT))

    assert documents.of(texts[0]) is first[0]
    assert documents.of(texts[2]) is first[2]
    assert documents.of(texts[1]) is not first[1]
