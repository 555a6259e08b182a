"""What came along is known in its own order, in any other, and never twice."""

from uuid import uuid4

import pytest

from storage.known import Known

KEYS = [uuid4() for _ in range(3)]


@pytest.fixture(params=["asked before", "not asked before"])
def known(request) -> Known:
    known = Known()
    if request.param == "asked before":
        assert known.missing(KEYS) == KEYS
    known.add(KEYS, (1, 2, None))
    return known


def test_it_is_known_in_any_order(known):
    assert known.of(KEYS) == [1, 2, None]
    assert known.of(KEYS[::-1]) == [None, 2, 1]
    assert known.of([KEYS[1], KEYS[1]]) == [2, 2]
    assert known.of([]) == []
    assert known.missing(KEYS) == []


def test_what_is_not_known_is_told(known):
    other = uuid4()

    assert known.missing([KEYS[0], other]) == [other]
    with pytest.raises(KeyError):
        known.of([KEYS[0], other])


def test_the_first_that_is_told_counts(known):
    other = uuid4()
    known.add([KEYS[0], other, other], (9, 4, 5))

    assert known.of([*KEYS, other]) == [1, 2, None, 4]
    assert known.of([KEYS[0], other]) == [1, 4]


def test_the_first_entries_of_a_list_are_known_in_its_order(known):
    assert known.of(KEYS[:2]) == [1, 2]
    assert known.of(KEYS[1:]) == [2, None]


def test_what_is_answered_is_the_asker_s(known):
    known.of(KEYS).clear()

    assert known.of(KEYS) == [1, 2, None]
