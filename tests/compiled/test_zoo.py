"""Every shape of answer, with any resolver failing or answering null."""

import asyncio
import gc
import os

import hypothesis.strategies as st
import orjson
import pytest
from graphql import OperationDefinitionNode, execute, parse, validate
from hypothesis import HealthCheck, Phase, given, settings

from server.graphql.compiled import Abandoned, compiled
from tests.compiled.documents import Drawing, Known
from tests.compiled.zoo import Keeper, zoo

DOCUMENTS = int(os.environ.get("PICSHARE_TEST_DOCUMENTS", "100"))
SCHEMA = zoo._schema
NOTHING = Known(["1"], ["x"], ["c"])
ASKED = [
    f"{name}{number}"
    for name in ("mood", "friend", "others", "prey", "keeper", "grid", "toy")
    for number in range(1, 5)
]
PREY = [{"__typename": "Mouse"}, None, {"__typename": "Bird", "song": ["tu", None, "wit"]}]
SOME = st.sets(st.sampled_from(["animals", "cats", "dog", *ASKED]), max_size=2)
BASKETS = """
query($b: Boolean) { baskets { cats { toy(big: $b) { name } } others { toy(loud: $b) { name } } } }
"""
SETTINGS = settings(
    deadline=None,
    database=None,
    derandomize=True,
    phases=[Phase.generate, Phase.shrink],
    suppress_health_check=list(HealthCheck),
)


async def asked(text, variables, keeper):
    """The data, or None where the query was given up."""
    document = parse(text)
    node = next(one for one in document.definitions if isinstance(one, OperationDefinitionNode))
    query = compiled(SCHEMA, document, node)
    assert query is not None
    try:
        return await query.answer(keeper, variables)
    except Abandoned:
        return None


async def expected(text, variables, keeper):
    found = execute(SCHEMA, parse(text), None, keeper, variables)
    return await found if asyncio.iscoroutine(found) else found


@pytest.fixture
def collecting_late():
    """Has the collector wait for the end of the test, whose warnings are the test's."""
    gc.disable()
    yield
    gc.enable()


# graphql-core gives up coroutines that it has begun when a field beside them fails.
@pytest.mark.filterwarnings("ignore:coroutine .* was never awaited:RuntimeWarning")
@pytest.mark.usefixtures("collecting_late")
def test_what_has_no_errors_is_answered_alike_and_nothing_else_is():
    @settings(SETTINGS, max_examples=DOCUMENTS)
    @given(data=st.data(), failing=SOME, missing=SOME)
    def agree(data, failing, missing):
        text, variables = Drawing(SCHEMA, data.draw, NOTHING).document()
        if validate(SCHEMA, parse(text)):
            return
        ours = asyncio.run(asked(text, variables, Keeper(failing, missing)))
        theirs = asyncio.run(expected(text, variables, Keeper(failing, missing)))
        assert (ours is None) is bool(theirs.errors), (text, theirs.errors)
        if not theirs.errors:
            assert orjson.dumps(ours) == orjson.dumps(theirs.data), text

    agree()
    gc.collect()


def test_nothing_that_was_begun_is_forgotten_when_another_fails():
    """Coroutines that nobody awaits are warnings, and warnings are errors."""

    @settings(SETTINGS, max_examples=DOCUMENTS)
    @given(data=st.data(), failing=SOME)
    def ask_alone(data, failing):
        text, variables = Drawing(SCHEMA, data.draw, NOTHING).document()
        if not validate(SCHEMA, parse(text)):
            asyncio.run(asked(text, variables, Keeper(failing)))

    ask_alone()
    gc.collect()


@pytest.mark.parametrize(
    ("query", "answer"),
    [
        (
            "{ cats { name keeper(loud: true) } }",
            {
                "cats": [
                    {"name": "c1", "keeper": "KEEPER OF C1"},
                    None,
                    {"name": "c3", "keeper": "KEEPER OF C3"},
                ]
            },
        ),
        (
            "{ dog { grid { keeper } tricks } }",
            {
                "dog": {
                    "grid": [[{"keeper": "keeper of c2"}, None], [{"keeper": "keeper of c4"}]],
                    "tricks": [["sit"], [], ["roll", "over"]],
                }
            },
        ),
        (
            "{ cats { prey { __typename ... on Bird { song } } } }",
            {
                "cats": [
                    {
                        "prey": [
                            {"__typename": "Mouse"},
                            None,
                            {"__typename": "Bird", "song": ["tu", None, "wit"]},
                        ]
                    },
                    None,
                    {
                        "prey": [
                            {"__typename": "Mouse"},
                            None,
                            {"__typename": "Bird", "song": ["tu", None, "wit"]},
                        ]
                    },
                ]
            },
        ),
        (
            "{ animals { ... on Dog { name } friend { mood __typename } } }",
            {
                "animals": [
                    {"name": "a0", "friend": {"mood": "CALM", "__typename": "Cat"}},
                    {"friend": {"mood": "CALM", "__typename": "Dog"}},
                    {"name": "a2", "friend": {"mood": "CALM", "__typename": "Cat"}},
                ]
            },
        ),
    ],
)
async def test_answers(query, answer):
    assert await asked(query, {}, Keeper()) == answer
    assert (await expected(query, {}, Keeper())).data == answer


async def test_a_batch_is_one_call_for_a_level():
    keeper = Keeper()
    calls = []
    real = keeper.found
    keeper.found = lambda name, value: calls.append(name) or real(name, value)

    await asked("{ cats { keeper } }", {}, keeper)

    assert calls == ["cats", "keeper1", "keeper3"]


@pytest.mark.parametrize(
    ("query", "calls"),
    [
        ("{ dog { grid { toy { sound name } } } }", []),
        ("{ dog { grid { toy(loud: true) { sound name(twice: true) } number } } }", []),
        ("query($b: Boolean) { dog { grid { toy(loud: $b) { name(twice: $b) } } } }", []),
        # One of them comes without, so all of its level are asked for.
        ("{ cats { toy { sound name } } }", [[1, 3]]),
        # What came along is of no use.
        ("{ dog { grid { toy(big: true) { sound } } } }", [[2, 4]]),
        ("query($b: Boolean) { dog { grid { toy(big: $b) { sound } } } }", [[2, 4]]),
        # Of two that are tried together one is asked for.
        (
            BASKETS,
            [[2, 4, 6, 8]],
        ),
        # Beside what has to be waited for, all of a level are asked for together.
        ("{ dog { grid { toy { name } keeper } } }", [[2, 4]]),
    ],
)
async def test_what_came_along_is_not_asked_for(query, calls):
    keeper = Keeper()

    answer = await asked(query, {"b": True}, keeper)

    assert answer == (await expected(query, {"b": True}, Keeper())).data
    assert keeper.asked == calls


async def test_what_failed_is_not_tried_again_one_level_below():
    keeper = Keeper()

    await asked("{ baskets { few { toy { sound } } } }", {}, keeper)

    # The first is tried before it is found out that the second comes without.
    assert keeper.tried == [3, 3, 1, 7, 1]
    assert keeper.asked == [[3, 1, 7, 1]]


async def test_a_fault_in_a_resolver_is_not_taken_for_something_that_did_not_come_along():
    keeper = Keeper(failing={"bug4"})

    assert await asked("{ dog { grid { toy { sound } } } }", {}, keeper) is None
    assert (keeper.tried, keeper.asked) == ([2, 4], [])


@pytest.mark.parametrize(
    "query", ["{ __schema { types { name } } }", '{ __type(name: "Cat") { name } }']
)
async def test_introspection_is_left_to_graphql_core(query):
    assert await asked(query, {}, Keeper()) is None


async def test_what_variables_skip_is_planned_apart():
    text = "query($s: Boolean!) { dog { name @skip(if: $s) number @include(if: $s) } }"

    assert await asked(text, {"s": True}, Keeper()) == {"dog": {"number": 2}}
    assert await asked(text, {"s": False}, Keeper()) == {"dog": {"name": "d2"}}


@pytest.mark.parametrize(
    ("arguments", "variables"),
    [
        ("", {}),
        ('(text: "b", count: null)', {}),
        ("(count: 5, mood: WILD, moods: [CALM, WILD])", {}),
        ("(text: $text, count: $count, id: $id)", {"text": "c", "count": 7, "id": "x"}),
        ("(text: $text, count: $count, id: $id)", {"count": None, "id": None}),
        ("(text: $text, count: $count, id: $id)", {"id": 5}),
        ("(mood: $mood, moods: $moods, count: 4)", {"mood": "WILD", "moods": ["CALM"]}),
        ("(mood: $mood, moods: [$one, WILD])", {"one": "CALM"}),
    ],
)
async def test_arguments_are_given_as_graphql_core_gives_them(arguments, variables):
    used = {"text": 'String! = "d"', "count": "Int", "id": "ID"}
    used |= {"mood": "Mood! = CALM", "moods": "[Mood!]", "one": "Mood!"}
    declared = ", ".join(
        f"${name}: {type}" for name, type in used.items() if f"${name}" in arguments
    )
    text = f"query{f'({declared})' if declared else ''} {{ given{arguments} }}"

    ours, theirs = await asked(text, variables, Keeper()), await expected(text, variables, Keeper())

    assert theirs.errors is None
    assert ours == theirs.data


PLAIN = "query($text: String!, $count: Int, $id: ID) { given(text: $text, count: $count, id: $id) }"


@pytest.mark.parametrize(
    "variables",
    [
        {"text": "c"},
        {"text": "c", "count": 7, "id": "x"},
        {"text": "c", "count": None, "id": None},
        {"text": "c", "count": -(2**31), "id": 5},
        {"text": "c", "count": 7.0, "other": 1},
    ],
)
async def test_plain_variables_are_read_as_graphql_core_reads_them(variables):
    ours, theirs = (
        await asked(PLAIN, variables, Keeper()),
        await expected(PLAIN, variables, Keeper()),
    )

    assert theirs.errors is None
    assert ours == theirs.data


@pytest.mark.parametrize(
    "wrong", [{}, {"text": None}, {"text": 5}, {"count": True}, {"count": 2**31}, {"id": 1.5}]
)
async def test_wrong_plain_variables_are_left_to_graphql_core(wrong):
    variables = wrong if "text" in wrong or not wrong else {"text": "c"} | wrong

    assert await asked(PLAIN, variables, Keeper()) is None
    assert (await expected(PLAIN, variables, Keeper())).errors is not None


async def test_wrong_variables_are_left_to_graphql_core():
    assert await asked("query($s: Boolean!) { dog { name @skip(if: $s) } }", {}, Keeper()) is None
