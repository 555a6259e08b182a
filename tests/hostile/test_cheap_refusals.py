"""H1, A2, G1 to G6: what a refusal costs a whole server, in time of the processor."""

import json
import os

import pytest

from tests.accounts.operations import LOG_IN, SIGN_UP, account
from tests.http.test_bodies import BODIES
from tests.limits import test_limits as texts
from tests.load.apis import serving
from tests.load.shooting import Shooter, request, tell

ROUNDS = int(os.environ.get("PICSHARE_TEST_REFUSALS", "100"))
WARM = 5
HEAD = "POST /graphql HTTP/1.1\r\nHost: api\r\nContent-Type: application/json\r\n"


def posted(body):
    return f"{HEAD}Content-Length: {len(body)}\r\n\r\n".encode() + body


def first(number):
    document = "query($first: Int) { photos(first: $first) { edges { cursor } } }"
    return f'{{"query": "{document}", "variables": {{"first": {number}}}}}'.encode()


def nesting(levels):
    return "{" + "...{" * levels + "id" + "}" * (levels + 1)


ODD_BODIES = {
    **{name: body for name, (body, _) in BODIES.items()},
    **{
        f"{sign}{digits} digits": first(sign + "9" * digits)
        for sign in ("", "-")
        for digits in (20, 309, 5_000)
    },
    "100,000 levels": b'{"query": "{ __typename }", "variables": ' + b"[" * 100_000,
    "a member twice": b'{"query": "{ nothing }", "query": ""}',
}
# What is longer than a body may be, too.
PASSWORDS = {
    **{
        f"{len(text):,} of {text[0]!a}": text
        for text in ("x" * 1_025, "x" * 100_000, "x" * 1_000_000, "\u0301" * 20_000)
    },
    "NUL": "correct\0horse",
    "a surrogate": "correct\ud800horse",
}
DOCUMENTS = {
    "G1": (10, [form(depth) for form in (texts.plain, texts.inline, texts.named)
                for depth in (16, 50, 199, 20_000)]),
    "G2": (20, [texts.doubled(n) for n in range(12, 62, 4)]),
    "G3": (10, [
        "{ ...A } fragment A on Query { ...A }",
        "{ ...A } fragment A on Query { ...B } fragment B on Query { ...A viewer { id } }",
        "{ ...A } fragment A on Query {...B} fragment B on Query {...C} fragment C on Query {...A}",
        "{ ...Nobody }",
        "{ ... on Nothing { id } }",
        "query($a: Nothing) { user(username: $nobody) { id } }",
    ]),
    "G4": (20, [make(n) for make in (texts.aliased, texts.aliased_in_fragments)
                for n in (31, 101, 301, 5_000)]),
    "G5": (20, [make(n) for make in (texts.repeated, texts.repeated_with_selection, texts.directed)
                for n in (300, 500, 5_000)]),
    # Above the limit of bytes; up to it a document is read, which G5 bounds.
    "G6": (5, [
        "{ __typename " + "," * 1_000_000 + "}",
        "{ __typename } #" + "a" * 1_000_000,
        '{ user(username: "' + "a" * 1_000_000 + '") { id } }',
        '{ user(username: """' + "a" * 1_000_000 + '""") { id } }',
        "{ nodes(ids: [" + "1 " * 300_000 + "]) { id } }",
        "{ __typename " + "," * 40_000 + "}",
        texts.many_operations(300),
    ]),
}  # fmt: skip


@pytest.fixture
def api(settings, database, objects, tmp_path):
    with serving(settings.model_copy(update={"rate_store": "off"}), tmp_path / "log") as api:
        yield api


async def cost(api, make):
    """Milliseconds of the processor for one of these requests, and what was answered."""
    shooter = Shooter(api.url)
    for number in range(WARM):
        await shooter.ask(make(number))
    before = api.processor_s()
    answers = [await shooter.ask(make(number)) for number in range(WARM, WARM + ROUNDS)]
    taken = api.processor_s() - before
    shooter.close()
    return taken / ROUNDS * 1_000, answers


async def dearest(api, name, most_ms, cases):
    """Asks each; the dearest must not cost more than so much."""
    found = {}
    for case, make in cases.items():
        found[case], answers = await cost(api, make)
        for status, body in answers:
            # Where a body was not read to its end, its sender may be cut off before the answer.
            assert status in {200, 400, 413, 0}, (case, status, body)
            assert status == 0 or b'"code":' in body, (case, body)
            assert b'"session":{' not in body
    worst = max(found, key=found.__getitem__)
    tell(f"{name}: {len(found)} kinds, the dearest ({worst}) {found[worst]:.2f} ms")
    assert {case: ms for case, ms in found.items() if ms > most_ms} == {}


@pytest.mark.torture
async def test_an_odd_body_costs_less_than_five_ms(api):
    cases = {name: lambda _, body=body: posted(body) for name, body in ODD_BODIES.items()}
    await dearest(api, "H1", 5, cases)


@pytest.mark.torture
@pytest.mark.parametrize("operation", ["logIn", "signUp"])
async def test_a_password_that_nobody_can_have_costs_less_than_five_ms(api, operation):
    def asking(password, number):
        given = account(password=password)
        if operation == "signUp":
            return request(SIGN_UP, input=given)
        return request(LOG_IN, login=given["username"], password=password)

    cases = {name: lambda number, text=text: asking(text, number)
             for name, text in PASSWORDS.items()}  # fmt: skip
    await dearest(api, f"A2, {operation}", 5, cases)


@pytest.mark.torture
@pytest.mark.parametrize("line", DOCUMENTS)
async def test_a_hostile_document_costs_no_more_than_its_line_says(api, line):
    def asking(text, number):
        # Each is new to the server, which remembers what it has read.
        return posted(json.dumps({"query": f"{text} #{number}"}).encode())

    most_ms, given = DOCUMENTS[line]
    cases = {f"{text[:40]}…{len(text)}": lambda number, text=text: asking(text, number)
             for text in given}  # fmt: skip
    await dearest(api, line, most_ms, cases)
