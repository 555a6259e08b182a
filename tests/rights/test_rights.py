"""The served schema against docs/rights.md: every field, every mutation, every role and state."""

import itertools
from typing import Any

import pytest
from graphql import (
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLObjectType,
    build_schema,
    get_named_type,
    is_leaf_type,
    is_required_argument,
)

from server.sdl import printed
from tests.conftest import Errors
from tests.making import make_photo
from tests.rights import page
from tests.rights.cast import make_cast, make_state

SCHEMA = build_schema(printed())
STATES = list(
    itertools.product(
        ["PUBLIC", "FOLLOWERS", "PRIVATE"], ["READY", "PROCESSING", "FAILED"], [False, True]
    )
)


def served(kind: str) -> dict[str, Any]:
    found = SCHEMA.type_map[kind]
    assert isinstance(found, GraphQLObjectType)
    return found.fields


def everything() -> set[str]:
    """`Type.field` of every type with fields of its own rights, for the page to list."""
    return {
        f"{name}.{field}"
        for name, kind in SCHEMA.type_map.items()
        if isinstance(kind, GraphQLObjectType)
        and not name.startswith("__")
        and not name.endswith(("Payload", "Edge", "Connection"))
        and name not in {"Mutation", "PageInfo", "InputError"}
        for field in kind.fields
    }


def test_the_page_lists_every_field_and_no_other():
    assert set(page.fields()) == everything()


def test_the_page_lists_every_mutation_and_no_other():
    assert set(page.mutations()) == set(served("Mutation"))


def test_the_page_uses_the_rules_it_explains():
    rules = {"with it", "seen", "viewer", "owner", "anyone", "session", "moderator"}
    assert set(page.fields().values()) <= rules


def selection(kind: str) -> str:
    """Every field of a type, objects by their name alone."""
    chosen = []
    for name, field in served(kind).items():
        if any(is_required_argument(argument) for argument in field.args.values()):
            continue
        leaf = is_leaf_type(get_named_type(field.type))
        chosen.append(name if leaf else f"{name} {{ __typename }}")
    return " ".join(chosen)


@pytest.mark.parametrize("is_private", [False, True])
async def test_every_field_of_a_photo(database, settings, ask, is_private):
    cast = await make_cast(database, settings, is_private=is_private)
    query = f"query($id: ID!) {{ node(id: $id) {{ ... on Photo {{ {selection('Photo')} }} }} }}"
    for visibility, status, private in STATES:
        if private is not is_private:
            continue
        photo = await make_state(database, cast.owner, visibility, status)
        whole = (await ask(query, viewer=cast.owner, id=photo.id))["node"]
        for role, person in cast.people.items():
            case = (role, visibility, status, is_private)
            seen = (await ask(query, viewer=person, id=photo.id))["node"]
            state = {"status": status, "visibility": visibility, "is_private": is_private}
            if page.sees(role, **state):
                check_fields("Photo", seen, whole, role, case)
            else:
                assert seen is None, case


@pytest.mark.parametrize("is_private", [False, True])
async def test_every_field_of_a_user(database, settings, ask, is_private):
    cast = await make_cast(database, settings, is_private=is_private)
    query = f"query($id: ID!) {{ node(id: $id) {{ ... on User {{ {selection('User')} }} }} }}"
    whole = (await ask(query, viewer=cast.owner, id=cast.owner.id))["node"]
    for role, person in cast.people.items():
        seen = (await ask(query, viewer=person, id=cast.owner.id))["node"]
        if role in {"blocked", "blocking"}:
            assert seen is None, role
        else:
            check_fields("User", seen, whole, role, (role, is_private))


def check_fields(kind, seen, whole, role, case):
    rules = page.fields()
    for name, value in seen.items():
        rule = rules[f"{kind}.{name}"]
        if rule == "with it":
            assert value == whole[name], (*case, name)
        if rule == "owner" and role != "owner":
            assert value is None, (*case, name)


async def test_what_needs_a_session_says_so(ask):
    for name, field in served("Query").items():
        required = {n: a for n, a in field.args.items() if is_required_argument(a)}
        if page.fields()[f"Query.{name}"] not in {"session", "moderator"} or required:
            continue
        leaf = is_leaf_type(get_named_type(field.type))
        with pytest.raises(Errors) as caught:
            await ask(f"{{ {name} {'' if leaf else '{ __typename }'} }}")
        assert caught.value.codes == ["UNAUTHENTICATED"], name


async def test_what_needs_no_session_works_without(ask):
    for name, field in served("Query").items():
        required = {n: a for n, a in field.args.items() if is_required_argument(a)}
        if page.fields()[f"Query.{name}"] in {"session", "moderator"} or required:
            continue
        leaf = is_leaf_type(get_named_type(field.type))
        await ask(f"{{ {name} {'' if leaf else '{ __typename }'} }}")


def document(name: str) -> tuple[str, str]:
    """A mutation's document, and which of its variables takes the id."""
    field = served("Mutation")[name]
    if not field.args:
        return f"mutation {{ {name} {{ errors {{ code }} }} }}", ""
    argument, spec = next(iter(field.args.items()))
    text = f"mutation($it: {spec.type}) {{ {name}({argument}: $it) {{ errors {{ code }} }} }}"
    return text, argument


def input_for(name: str, id: str) -> Any:
    """The least input that a mutation about *id* takes."""
    _, argument = document(name)
    if argument == "id":
        return id
    kind = get_named_type(served("Mutation")[name].args[argument].type)
    if not isinstance(kind, GraphQLInputObjectType):
        return None
    least = {"body": "Nice", "byteSize": 1, "parts": [], "reason": "SPAM"}
    return {
        key: least.get(key, id)
        for key, field in kind.fields.items()
        if str(field.type).endswith("!") and field.ast_node.default_value is None
    }


async def answer(ask, name, viewer, id):
    """`ok`, or the code of the refusal."""
    text, argument = document(name)
    given = {"it": input_for(name, id)} if argument else {}
    try:
        data = await ask(text, viewer=viewer, **given)
    except Errors as errors:
        return errors.codes[0]
    errors = data[name]["errors"]
    return errors[0]["code"] if errors else "ok"


def about(what: str) -> list[str]:
    return [name for name, row in page.mutations().items() if row["about"] == what]


@pytest.mark.parametrize("is_private", [False, True])
@pytest.mark.parametrize("mutation", about("a photo"))
async def test_every_mutation_of_a_photo(database, settings, ask, mutation, is_private):
    row = page.mutations()[mutation]
    cast = await make_cast(database, settings, is_private=is_private)
    for visibility, status, private in STATES:
        if private is not is_private:
            continue
        for role, person in cast.people.items():
            photo = await make_state(database, cast.owner, visibility, status)
            state = {"status": status, "visibility": visibility, "is_private": is_private}
            expected = expected_of(row, role, status, seen=page.sees(role, **state))
            got = await answer(ask, mutation, person, photo.id)
            assert got == expected, (mutation, role, visibility, status, is_private)


@pytest.mark.parametrize("mutation", about("a user"))
async def test_every_mutation_of_a_user(database, settings, ask, mutation):
    row = page.mutations()[mutation]
    cast = await make_cast(database, settings, is_private=False)
    for role, person in cast.people.items():
        seen = role not in {"blocked", "blocking"}
        expected = expected_of(row, role, "READY", seen=seen)
        if mutation in {"blockUser", "unblockUser"} and role == "blocking":
            # Whoever blocks may repeat it, and lift it.
            expected = "ok"
        got = await answer(ask, mutation, person, cast.owner.id)
        assert got == expected, (mutation, role)


def expected_of(row, role, status, *, seen):
    if role == "guest":
        return row["guest"]
    if not seen:
        return row["unseen"]
    own, _, until_ready = row["own"].partition(", until READY ")
    if role == "owner":
        return until_ready if until_ready and status != "READY" else own
    return row["seen"]


async def test_mutations_about_oneself_need_a_session(ask):
    for name in about("oneself"):
        assert await answer(ask, name, None, "upload_" + "0" * 32) == "UNAUTHENTICATED", name


async def test_what_hangs_on_an_unseen_photo_is_not_there(database, settings, ask):
    cast = await make_cast(database, settings, is_private=False)
    photo = await make_photo(database, cast.owner)
    add = """
    mutation($id: ID!) { addComment(input: {photoId: $id, body: "Hm"}) { comment { id } } }
    """
    made = (await ask(add, viewer=cast.owner, id=photo.id))["addComment"]["comment"]["id"]
    hide = """
    mutation($id: ID!) { updatePhoto(input: {id: $id, visibility: PRIVATE}) { errors { code } } }
    """
    query = "query($id: ID!) { node(id: $id) { ... on Comment { id body photo { id } } } }"
    assert (await ask(query, id=made))["node"]["body"] == "Hm"

    await ask(hide, viewer=cast.owner, id=photo.id)

    for role, person in cast.people.items():
        node = (await ask(query, viewer=person, id=made))["node"]
        assert (node is not None) is (role == "owner"), role


def test_interfaces_have_no_fields_of_their_own():
    for kind in SCHEMA.type_map.values():
        if isinstance(kind, GraphQLInterfaceType):
            assert set(kind.fields) <= {"id", "code", "message", "path"}
